-- The three standard streams of a process.
local core = require "hcs.core"

local ELEMENT_NOT_FOUND = 0x490

-- A stream, nil if it was not asked for; nil and an error. On a handle from open_process the pipes are somebody
-- else's, and that is an error.
local function stream(process, name)
  local result, err = core.process[name](process)
  if not result and err.code == ELEMENT_NOT_FOUND and not core.process_opened(process) then return nil end
  return result, err
end

-- stdin, stdout and stderr, nil where not asked for; on failure three nils and the error.
local function stdio(process)
  local stdin, stdout, stderr, err
  stdin, err = stream(process, "stdin")
  if not err then stdout, err = stream(process, "stdout") end
  if not err then stderr, err = stream(process, "stderr") end
  if err then return nil, nil, nil, err end
  return stdin, stdout, stderr
end

return stdio
