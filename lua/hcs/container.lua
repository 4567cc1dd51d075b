-- The methods of containers that are written in Lua; the core has the rest.
local arguments = require "hcs.arguments"
local command = require "hcs.command"
local core = require "hcs.core"
local deadline = require "hcs.deadline"
local document = require "hcs.document"
local errors = require "hcs.errors"
local options = require "hcs.options"
local run = require "hcs.run"
local waitable = require "hcs.waitable"

local check_self, check_timeout, check_value = arguments.self, arguments.timeout, arguments.value
local math = math

local container = {}
local methods = {}

local STOP_SECONDS = 10
local UNEXPECTED_EXIT = 0xC0370106
local ENDED = "the container has ended and cannot be used again: create a new one"

local write_file_options = { mode = "mode", user = "string" }
local run_options = { input = "string", timeout = "seconds", check = "boolean", max_output = "bytes" }

-- A new container; `id` may be nil.
function container.create(id, config)
  local text, problem = document.encode("ContainerConfig", config, "config")
  if not text then return errors.fail("InvalidParameter", problem, "hcs::CreateComputeSystem", id) end
  return core.container_create(id, text)
end

-- The JSON text of a PropertyQuery for these types, or nil for none; nil and an error.
function container.property_query(types, operation, id)
  if types == nil then return nil end
  local text, problem = document.encode("PropertyQuery", { PropertyTypes = types }, "query")
  if not text then return errors.fail("InvalidParameter", problem, operation, id) end
  return text
end

local function properties(self, types)
  local query, err = container.property_query(types, "hcs::System::Properties", self:id())
  if err then return nil, err end
  local text
  text, err = core.container_properties(self, query)
  if not text then return nil, err end
  return document.decode("ContainerProperties", text)
end

function methods:properties(types)
  check_self(self, "container", "properties")
  check_value(types, "table", 1, "properties", true)
  return properties(self, types)
end

-- One property that has to be asked for by name; unlike the document that it is a part of, it ends with the container.
local function property(self, asked, field)
  local all, err = properties(self, { asked })
  if all and all.State == "Stopped" then
    return errors.fail("VmcomputeAlreadyStopped", ENDED, "hcs::System::Properties", self:id())
  end
  if not all then return nil, err end
  return all[field]
end

function methods:statistics()
  check_self(self, "container", "statistics")
  return property(self, "Statistics", "Statistics")
end

function methods:process_list()
  check_self(self, "container", "process_list")
  return property(self, "ProcessList", "ProcessList")
end

function methods:mapped_virtual_disks()
  check_self(self, "container", "mapped_virtual_disks")
  return property(self, "MappedVirtualDisk", "MappedVirtualDiskControllers")
end

function methods:modify(request)
  check_self(self, "container", "modify")
  check_value(request, "table", 1, "modify")
  local text, problem = document.encode("ResourceModificationRequestResponse", request, "request")
  if not text then return errors.fail("InvalidParameter", problem, "hcs::System::Modify", self:id()) end
  return core.container_modify(self, text)
end

local function wait(self, timeout)
  return deadline.persist(core.container_wait, self, deadline.after(timeout))
end

function methods:wait(timeout)
  check_self(self, "container", "wait")
  check_timeout(timeout, 1, "wait")
  local ended, err = wait(self, timeout)
  if ended then return true end
  ended, err = errors.missed(err, "the container has not ended", timeout)
  if err.name == "Timeout" and self:state() == "Created" then
    return errors.reword(err, err.message .. "; it is Created: call start() first")
  end
  return ended, err
end

-- Gone is gone, however it ended.
local function wait_until_gone(self, timeout)
  local gone, err = wait(self, timeout)
  if gone or err.code == UNEXPECTED_EXIT then return true end
  return nil, err
end

function methods:stop(timeout)
  check_self(self, "container", "stop")
  check_timeout(timeout, 1, "stop")
  local accepted, err = self:shutdown()
  if not accepted and core.is_already_closed(err) then return nil, err end
  if accepted then
    local gone
    gone, err = wait_until_gone(self, timeout or STOP_SECONDS)
    if gone then return true end
    if not core.is_timeout(err) then return nil, err end
  end
  accepted, err = self:terminate()
  if not accepted then return nil, err end
  return wait_until_gone(self)
end

function methods:create_process(given, nothing)
  check_self(self, "container", "create_process")
  arguments.command(given, 1, "create_process")
  if nothing ~= nil then arguments.fail(2, "create_process", "nothing expected: options are for run") end
  local config, err = command.config(self, given)
  if not config then return nil, err end
  return command.start(self, config)
end

function methods:run(given, asked)
  check_self(self, "container", "run")
  arguments.command(given, 1, "run")
  local chosen = options.check(asked, run_options, 2, "run")
  local config, err = command.config(self, given)
  if not config then return nil, err end
  return run.run(self, config, chosen)
end

function methods:write_file(path, data, asked)
  check_self(self, "container", "write_file")
  check_value(path, "string", 1, "write_file")
  check_value(data, "string", 2, "write_file")
  local chosen = options.check(asked, write_file_options, 3, "write_file")
  return core.container_write_file(self, path, data, math.tointeger(chosen.mode), chosen.user)
end

waitable.install(methods, "container")

container.methods = methods

return container
