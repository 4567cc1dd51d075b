-- Shell commands on the host. `local shell = require "spec.support.linux.shell"`
local shell = {}

-- Runs a command and returns its output; raises with the end of it if the command fails.
function shell.run(command)
  local pipe = assert(io.popen("( " .. command .. "\n) 2>&1", "r"))
  local output = pipe:read "a"
  local ok, _, code = pipe:close()
  if not ok then error(("'%s' ended with code %s:\n%s"):format(command, code, output:sub(-2000)), 2) end
  return output
end

-- `text` as one word of a command.
function shell.quote(text)
  return "'" .. text:gsub("'", [['\'']]) .. "'"
end

return shell
