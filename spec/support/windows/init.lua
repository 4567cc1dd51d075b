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
  -- cmd takes off the outermost quotes.
  local pipe = assert(io.popen(([["%s"]]):format(table.concat(words, " ")), "r"))
  local output = pipe:read "a"
  local ok = pipe:close()
  os.remove(script)
  assert(ok, output)
  return output
end

return support
