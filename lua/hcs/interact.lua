-- interact: joins the caller's terminal to the console of a process until that exits.
local core = require "hcs.core"
local deadline = require "hcs.deadline"

local error, math, pcall, setmetatable = error, math, pcall, setmetatable
local FOREVER = core.FOREVER

-- What is typed and not taken is kept; beyond that the terminal keeps it.
local TYPED_BYTES = 65536
-- What comes after the exit, from others in the session, is shown up to here: they may go on for ever.
local REST_BYTES = 1024 * 1024

local session_class = {}
session_class.__index = session_class

local function persist_poll(targets, when)
  return core.poll(targets, {}, when)
end

-- Shows everything that has been read from the console.
function session_class:show()
  local bytes = core.stream_take(self.stdout, math.maxinteger)
  local position = 1
  while position <= #bytes do
    local written, err = core.terminal_write(self.terminal, bytes, position)
    if err then return nil, err end
    position = position + (written or 0) -- false: a signal came, and hooks have had their turn
  end
  return true
end

-- Reads what is there and shows it: number of bytes, nil if none are there now; nil and an error.
function session_class:output()
  local more, err = deadline.persist(core.stream_fill, self.stdout, 0)
  if not more and core.is_timeout(err) then return nil end
  if not more then return nil, err end
  if more == 0 then self.ended = true end
  local ok
  ok, err = self:show()
  if not ok then return nil, err end
  return more
end

-- The console gets the terminal's size when it has another one. It may have no process any more to tell.
function session_class:follow_size()
  local width, height = core.terminal_size(self.terminal)
  if not width then return nil, height end
  if width == self.width and height == self.height then return true end
  self.width, self.height = width, height
  if width == 0 or height == 0 then return true end
  local ok, err = self.process:resize_console(width, height)
  if not ok and not core.is_already_stopped(err) and not core.is_not_exist(err) then return nil, err end
  return true
end

function session_class:listen()
  local ok, err = self:follow_size()
  if not ok then return nil, err end
  local keys
  keys, err = core.terminal_read(self.terminal)
  if not keys then return nil, err end
  self.typed = self.typed .. keys
  return true
end

-- Passes on what is typed, as far as it is taken. If nobody will ever take it, it is lost as on any terminal.
function session_class:pass_on()
  local written, err = core.stream_write(self.stdin, self.typed, 1, 0)
  if written then self.typed = self.typed:sub(written + 1) end
  if written == nil and err.errno == "EPIPE" then self.typed = "" end
  if written == nil and err.errno ~= "EPIPE" and not core.is_timeout(err) then return nil, err end
  return true
end

-- What to wait for now, and what to do then.
function session_class:targets()
  local targets, actions = { self.process }, {}
  local function add(target, action)
    targets[#targets + 1] = target
    actions[#targets] = action
  end
  if not self.ended then add(self.stdout, self.output) end
  if self.typed ~= "" then add(self.stdin, self.pass_on) end
  if #self.typed < TYPED_BYTES then add(self.terminal, self.listen) end
  return targets, actions
end

-- One round: true when the process has exited; nil and an error.
function session_class:turn()
  local targets, actions = self:targets()
  local ready, err = deadline.persist(persist_poll, targets, FOREVER)
  if not ready then return nil, err end
  for i = 2, #targets do
    if ready[i] then
      local _
      _, err = actions[i](self)
      if err then return nil, err end
    end
  end
  return ready[1]
end

function session_class:show_rest()
  local size = 0
  while not self.ended and size < REST_BYTES do
    local more, err = self:output()
    if err then return nil, err end
    if not more then break end
    size = size + more
  end
  return true
end

function session_class:run()
  local ok, err = self:follow_size()
  if ok then ok, err = self:show() end
  if not ok then return nil, err end
  local exited
  repeat
    exited, err = self:turn()
    if err then return nil, err end
  until exited
  ok, err = self:show_rest()
  if not ok then return nil, err end
  return deadline.persist(core.process_wait, self.process, 0)
end

local function join(process, terminal)
  local stdin, stdout, err
  stdin, err = process:stdin()
  if not stdin then return nil, err end
  stdout, err = process:stdout()
  if not stdout then return nil, err end
  local session = setmetatable({
    process = process, terminal = terminal, stdin = stdin, stdout = stdout, typed = "", ended = false,
  }, session_class)
  return session:run()
end

-- In a coroutine an error does not close its variables, they wait for coroutine.close or the collector. So the terminal
-- is closed by a call, too.
local function leave(terminal, ok, ...)
  core.terminal_leave(terminal)
  if not ok then error(..., 0) end
  return ...
end

-- The exit code; nil and an error. The streams stay what they were: the call closes none.
local function interact(process)
  local terminal <close>, err = core.terminal_enter(process)
  if not terminal then return nil, err end
  return leave(terminal, pcall(join, process, terminal))
end

return interact
