-- A process with a console, typed at and listened to: `console.start(c, config)`.
local console = {}
console.__index = console

local PATIENCE_SECONDS = 10

-- Starts the process; `config` is a ProcessConfig without EmulateConsole.
function console.start(container, config)
  config.EmulateConsole = true
  local self = setmetatable({ process = assert(container:create_process(config)), text = "" }, console)
  local err
  self.stdin, self.stdout, self.stderr, err = self.process:stdio()
  assert(not err, err)
  return self
end

-- An interactive shell at its first prompt, which is "> "; what it says goes into no history.
function console.shell(container, config)
  local complete = { "sh", "-i", Environment = { PS1 = "> ", HISTFILE = "" } }
  for name, value in pairs(config or {}) do complete[name] = value end
  local self = console.start(container, complete)
  self:expect "> "
  return self
end

function console:type(text)
  assert(self.stdin:write(text))
end

-- Reads until `text` has come, behind what was expected before; returns what was in front of it.
function console:expect(text)
  while true do
    local first, last = self.text:find(text, 1, true)
    if first then
      local before = self.text:sub(1, first - 1)
      self.text = self.text:sub(last + 1)
      return before
    end
    local more, err = self.stdout:read_some(PATIENCE_SECONDS)
    if not more then
      error(("no '%s', but (%s): %s"):format(text, err or "the end", self.text), 2)
    end
    self.text = self.text .. more
  end
end

-- Types a command to a shell; returns what it has written, lines ended by "\n", when the next prompt is there.
function console:command(line)
  self:type(line .. "\n")
  self:expect(line .. "\r\n")
  return (self:expect "> ":gsub("\r\n", "\n"))
end

-- Everything up to the end of the session, lines ended by "\n".
function console:rest()
  repeat
    local more, err = self.stdout:read_some(PATIENCE_SECONDS)
    if err then error(("no end, but (%s): %s"):format(err, self.text), 2) end
    self.text = self.text .. (more or "")
  until not more
  local text = self.text:gsub("\r\n", "\n")
  self.text = ""
  return text
end

return console
