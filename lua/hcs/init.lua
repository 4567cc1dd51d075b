-- hcs: containers with the API of Windows' Host Compute Service. `local hcs = require "hcs"`

-- Said here, before older Luas trip over the syntax of the other files.
local major, minor = _VERSION:match "(%d+)%.(%d+)"
if major * 100 + minor < 504 then
  error(("hcs needs Lua 5.4 or later, this is %s; for busted: lua5.4 /usr/bin/busted"):format(_VERSION), 0)
end

local arguments = require "hcs.arguments"
local command = require "hcs.command"
local container = require "hcs.container"
local core = require "hcs.core"
local document = require "hcs.document"
local errors = require "hcs.errors"
local poll = require "hcs.poll"
local process = require "hcs.process"
local stream = require "hcs.stream"

local pairs, table = pairs, table

local hcs = {
  _VERSION = "hcs " .. core.VERSION,
  backend = core.BACKEND,
  poll = poll,
  gc = core.gc,
  type = core.type,
}

for _, name in ipairs {
  "is_not_exist", "is_already_exists", "is_already_closed", "is_pending", "is_timeout", "is_already_stopped",
  "is_not_supported", "is_operation_invalid_state", "is_access_denied",
} do
  hcs[name] = core[name]
end

-- Completes a class of the core with the methods that are written in Lua.
local function complete(methods, more)
  for name, method in pairs(more) do methods[name] = method end
end

complete(core.container, container.methods)
complete(core.process, process.methods)
complete(core.stream, stream.methods)
errors.install()

function hcs.create_container(id, config)
  arguments.value(id, "string", 1, "create_container", true)
  arguments.value(config, "table", 2, "create_container")
  return container.create(id, config)
end

function hcs.open_container(id)
  arguments.value(id, "string", 1, "open_container")
  return core.container_open(id)
end

function hcs.get_containers(query, types)
  arguments.value(query, "table", 1, "get_containers", true)
  arguments.value(types, "table", 2, "get_containers", true)
  local operation = "hcs::GetComputeSystems"
  local query_text, problem = document.encode("ComputeSystemQuery", query or {}, "query")
  if not query_text then return errors.fail("InvalidParameter", problem, operation) end
  local property_query, err = container.property_query(types, operation)
  if err then return nil, err end
  local text
  text, err = core.enumerate(query_text, property_query)
  if not text then return nil, err end
  local list = document.decode_list("ContainerProperties", text)
  table.sort(list, function(a, b) return a.Id < b.Id end)
  return list
end

-- Document types that are sent, and what error messages call a document of the type.
local sent = {
  ContainerConfig = "config",
  ProcessConfig = "config",
  ComputeSystemQuery = "query",
  PropertyQuery = "query",
  ResourceModificationRequestResponse = "request",
}

local sent_names = "ComputeSystemQuery, ContainerConfig, ProcessConfig, PropertyQuery, " ..
  "ResourceModificationRequestResponse"

function hcs.document(type_name, value)
  arguments.value(type_name, "string", 1, "document")
  local path = sent[type_name]
  if not path then
    arguments.fail(1, "document", ("unknown document type '%s'; there are %s"):format(type_name, sent_names))
  end
  arguments.value(value, "table", 2, "document")
  local problem
  if type_name == "ProcessConfig" then
    value, problem = command.normalize(value)
    if not value then return errors.fail("InvalidParameter", problem) end
  end
  local text
  text, problem = document.encode(type_name, value, path)
  if not text then return errors.fail("InvalidParameter", problem) end
  return core.marshal(type_name, text)
end

return hcs
