-- What specs for Linux share, on top of what all specs do: shell commands, other client processes, what the host
-- sees of containers. `local support = require "spec.support.linux"`
local assert = require "luassert"
local common = require "spec.support"
local platform = require "spec.support.linux.platform"
local residue = require "spec.support.linux.residue"
local shell = require "spec.support.linux.shell"

local support = setmetatable({ residue = residue, shell = shell.run, quote = shell.quote, layer = platform.layer },
  { __index = common })

-- The words of a shell command that starts Lua with the modules this process finds.
function support.lua()
  return ("LUA_PATH=%s LUA_CPATH=%s %s"):format(shell.quote(package.path), shell.quote(package.cpath),
    shell.quote(os.getenv "LUA" or "lua5.4"))
end

-- The pid of a container's guest as the host sees it: it is in the status page, behind three 32-bit numbers.
function support.guest_of(container)
  local path = residue.state_directory() .. "/" .. container:id() .. "/status"
  local pid = string.unpack("<i4", common.read_file(path), 13)
  assert.equal("hcs-guest\n", common.read_file("/proc/" .. pid .. "/comm"))
  return pid
end

-- The pid of this process.
function support.pid()
  return math.tointeger(common.read_file "/proc/self/stat":match "^%d+")
end

local client = {}
client.__index = client

-- Another Lua process that runs `chunk` with the arguments `...` (as texts); it speaks to the spec through
-- its standard output. A pipe to its standard input is not there: use files or signals.
function support.client(chunk, ...)
  local script = common.write_file(os.tmpname(), 'io.stdout:setvbuf "line"\n' .. chunk)
  local arguments = {}
  for i, argument in ipairs { ... } do arguments[i] = shell.quote(tostring(argument)) end
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
  shell.run(("kill -%s %d"):format(signal or "KILL", self.pid))
end

-- Waits for its end; the rest of its output, and its exit code (nil, and the signal's number, if one ended it).
function client:wait()
  local output = self.pipe:read "a"
  local _, how, code = self.pipe:close()
  os.remove(self.script)
  if how == "signal" then return output, nil, code end
  return output, code
end

return support
