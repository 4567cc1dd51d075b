-- What specs for Windows share, on top of what all specs do: other programs with an environment of their own, and
-- the stand-in's faults. `local support = require "spec.support.windows"`
local common = require "spec.support"
local standin = require "spec.support.windows.standin"

local support = setmetatable({ standin = standin, is_standin = os.getenv "HCS_TEST_SERVICE" == "standin" },
  { __index = common })

-- A Linux container on Windows, started. Its processes have Linux' signals and exit codes.
function support.linux_container()
  return common.container { ContainerType = "linux", HvRuntime = { ImagePath = [[C:\LCOW]] } }
end

-- Whether a command line of cmd succeeds, and what it prints.
local function execute(line)
  local pipe = assert(io.popen(([["%s"]]):format(line), "r")) -- cmd takes off the outermost quotes
  local output = pipe:read "a"
  return pipe:close(), output
end

-- Runs a Lua program with these environment variables; what it prints. It has a service of its own.
function support.program(variables, chunk)
  local script = common.write_file(os.tmpname():gsub("^\\", os.getenv "TEMP" .. "\\"), ([[
    package.path, package.cpath = %q, %q
    local hcs = require "hcs"
    local support = require "spec.support.windows"
  ]]):format(package.path, package.cpath) .. chunk)
  local words = {}
  for name, value in pairs(variables) do words[#words + 1] = ("set %s=%s&&"):format(name, value) end
  words[#words + 1] = ([["%s" "%s" 2>&1]]):format(arg[-1], script)
  local ok, output
  -- On a busy machine Wine's loader sometimes does not come up, and its cmd takes the program for unknown: once more.
  for _ = 1, 3 do
    ok, output = execute(table.concat(words, " "))
    if not output:find("Can't recognize", 1, true) then break end
  end
  os.remove(script)
  assert(ok, output)
  return output
end

return support
