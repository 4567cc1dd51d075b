-- Programs at a terminal, with somebody who types (test/terminal_program.c).
local support = require "spec.support.linux"

local terminal = {}

local program = (os.getenv "HCS_BUILD" or "build") .. "/test/terminal_program"

-- Waits until nobody lives any more in the session of the terminal; the dead are for the system's init to bury.
terminal.NOBODY_LEFT = [[run timeout 10 sh -c 'while ps -s $CHILD -o stat= | grep -qv ^Z; do sleep 0.01; done']]

-- Runs a shell command at a terminal while the lines of `script` happen; what `wait`, `rest` and `run` print.
function terminal.run(command, script)
  local path = support.write_file(os.tmpname(), table.concat(script, "\n") .. "\n")
  local pipe = assert(io.popen(("%s %s sh -c %s </dev/null 2>&1"):format(support.quote(program), path,
    support.quote(command))))
  local output = pipe:read "a"
  local code = select(3, pipe:close())
  os.remove(path)
  if code ~= 0 then error(output:sub(-1000), 2) end
  return output
end

-- The same for a Lua program with arguments.
function terminal.lua(chunk, script, ...)
  local path = support.write_file(os.tmpname(), chunk)
  local words = { "exec env", support.lua(), path }
  for _, argument in ipairs { ... } do words[#words + 1] = support.quote(argument) end
  local ok, output = pcall(terminal.run, table.concat(words, " "), script)
  os.remove(path)
  if not ok then error(output, 2) end
  return output
end

return terminal
