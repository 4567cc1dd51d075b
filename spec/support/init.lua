-- What specs share: the base layer, configs, temporary folders, other client processes, and the check
-- that a spec file leaves nothing behind. `local support = require "spec.support"`
local assert = require "luassert"
local busted = require "busted"
local lfs = require "lfs"
local residue = require "spec.support.residue"

local support = { residue = residue }

-- Runs a shell command and returns its output; raises with the end of it if the command fails.
function support.shell(command)
  local pipe = assert(io.popen("( " .. command .. "\n) 2>&1", "r"))
  local output = pipe:read "a"
  local ok, _, code = pipe:close()
  if not ok then error(("'%s' ended with code %s:\n%s"):format(command, code, output:sub(-2000)), 2) end
  return output
end

function support.read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

function support.write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

-- The error of a call that failed, as it must, with this name or code.
function support.failure(expected, result, err)
  assert.is_nil(result)
  assert.equal("error", require "hcs".type(err))
  assert.equal(expected, type(expected) == "string" and err.name or err.code, tostring(err))
  return err
end

-- Fails unless `part` stands in `text`, as it is.
function support.contains(part, text)
  assert(text:find(part, 1, true), ("'%s' is not in '%s'"):format(part, text))
end

-- `text` as one word of a shell command.
function support.quote(text)
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

-- The words of a shell command that starts Lua with the modules this process finds.
function support.lua()
  return ("LUA_PATH=%s LUA_CPATH=%s %s"):format(support.quote(package.path), support.quote(package.cpath),
    support.quote(os.getenv "LUA" or "lua5.4"))
end

-- The folder of the base layer, made when it is missing.
function support.layer()
  local layer = os.getenv "HCS_BASE_LAYER" or "/var/lib/hcs/layers/busybox"
  if not lfs.attributes(layer .. "/bin/busybox") then support.shell "scripts/make-base-layer" end
  return layer
end

-- A ContainerConfig on the base layer that ends with its last handle; `extra` is laid over it.
function support.config(extra)
  local config = { Layers = { { Path = support.layer() } }, TerminateOnLastHandleClosed = true }
  for field, value in pairs(extra or {}) do config[field] = value end
  return config
end

-- A started container with a new id, on support.config(extra).
function support.container(extra)
  local container = assert(require "hcs".create_container(nil, support.config(extra)))
  assert(container:start())
  return container
end

-- The pid of a container's guest as the host sees it: it is in the status page, behind three 32-bit numbers.
function support.guest_of(container)
  local path = residue.state_directory() .. "/" .. container:id() .. "/status"
  local pid = string.unpack("<i4", support.read_file(path), 13)
  assert.equal("hcs-guest\n", support.read_file("/proc/" .. pid .. "/comm"))
  return pid
end

-- A new empty folder below /tmp; remove it with support.remove(). `template` is mktemp's.
function support.temporary_folder(template)
  local folder = support.shell("mktemp -d " .. support.quote(template or "/tmp/hcs-spec.XXXXXX")):gsub("\n", "")
  residue.folders[folder] = true
  return folder
end

function support.remove(folder)
  assert(folder:find "^/tmp/.", "only below /tmp")
  support.shell("rm -rf --one-file-system " .. support.quote(folder))
end

-- The pid of this process.
function support.pid()
  return math.tointeger(support.read_file "/proc/self/stat":match "^%d+")
end

-- Fewer rounds where the suite runs again (other collector modes, sanitizers, virtual machine): it looks for
-- other mistakes there.
function support.rounds(count)
  if (os.getenv "HCS_TEST_VARIANT" or "plain") == "plain" then return count end
  return math.max(1, count // 10)
end

local client = {}
client.__index = client

-- Another Lua process that runs `chunk` with the arguments `...` (as texts); it speaks to the spec through
-- its standard output. A pipe to its standard input is not there: use files or signals.
function support.client(chunk, ...)
  local script = support.write_file(os.tmpname(), 'io.stdout:setvbuf "line"\n' .. chunk)
  local arguments = {}
  for i, argument in ipairs { ... } do arguments[i] = support.quote(tostring(argument)) end
  -- The shell says its pid and becomes the Lua process.
  local pipe = assert(io.popen(("echo $$; exec env %s %s %s 2>&1"):format(
    support.lua(), script, table.concat(arguments, " ")), "r"))
  return setmetatable({ pid = math.tointeger(pipe:read "l"), pipe = pipe, script = script }, client)
end

-- The next line it writes; nil at the end.
function client:line()
  return self.pipe:read "l"
end

function client:kill(signal)
  support.shell(("kill -%s %d"):format(signal or "KILL", self.pid))
end

-- Waits for its end; the rest of its output, and its exit code (nil, and the signal's number, if one ended it).
function client:wait()
  local output = self.pipe:read "a"
  local _, how, code = self.pipe:close()
  os.remove(self.script)
  if how == "signal" then return output, nil, code end
  return output, code
end

-- Ends a spec file: adds a test that nothing is there now that was not there when the file was read. What
-- ends by itself (a container whose last handle was collected) is given five seconds.
function support.nothing_left()
  local before = residue.snapshot()
  local file = debug.getinfo(2, "S").short_src
  busted.it("leaves nothing behind: " .. file, function()
    local new
    for _ = 1, 100 do
      collectgarbage()
      collectgarbage()
      new = residue.difference(before)
      if #new == 0 then return end
      busted.sleep(0.05)
    end
    error("left behind:\n  " .. table.concat(new, "\n  "), 0)
  end)
end

return support
