-- run and communicate: feed a process, drain both outputs at once, wait for its end.
local command = require "hcs.command"
local core = require "hcs.core"
local deadline = require "hcs.deadline"
local document = require "hcs.document"
local errors = require "hcs.errors"
local stdio = require "hcs.stdio"

local ipairs, math, pairs, setmetatable, table, utf8 = ipairs, math, pairs, setmetatable, table, utf8

local run = {}

local MAXIMUM_OUTPUT = 64 * 1024 * 1024
-- How long a killed process may take to be gone before its caller hears of it all the same.
local KILL_SECONDS = 2
-- hcs_event in hcs/linux/events.h
local OUT_OF_MEMORY = 1
local KILLED_CODE = 128 + 9
-- What a pipe can hold (pipe-max-size of Linux): more than that came after the end of the process.
local PIPE_CAPACITY = 1024 * 1024

-- ---- one output ------------------------------------------------------------------------------------------------

local output_class = {}
output_class.__index = output_class

local function new_output(name, stream, limit)
  local self = { name = name, stream = stream, limit = limit, size = 0, parts = {}, open = stream ~= nil }
  return setmetatable(self, output_class)
end

-- Moves what is buffered over; false if there was more than the limit.
function output_class:collect()
  local room = self.limit - self.size
  local count = core.stream_buffered(self.stream)
  if count == 0 then return true end
  local bytes = core.stream_take(self.stream, math.min(count, room))
  self.parts[#self.parts + 1] = bytes
  self.size = self.size + #bytes
  return count <= room
end

-- Takes what is in the pipe, without waiting. Number of bytes that came, nil if none are there now, or the problem:
-- nil and an error, or nil and "too much".
function output_class:drain()
  local more, err = deadline.persist(core.stream_fill, self.stream, 0)
  if not self:collect() then return nil, "too much" end
  if not more and core.is_timeout(err) then return nil end
  if not more or more == 0 then self.open = false end
  return more, err
end

-- What is in the pipe after the end of the process, and no more: somebody else may hold it still, and write.
function output_class:drain_rest()
  self.rest = self.rest or self.size + PIPE_CAPACITY
  while self:expects_rest() do
    local more, err = self:drain()
    if err then return nil, err end
    if not more then break end
  end
  return true
end

-- Is the end still to come, and there has not been too much after that of the process?
function output_class:expects_rest()
  return self.open and self.size < self.rest
end

function output_class:text()
  return table.concat(self.parts)
end

-- ---- one exchange ----------------------------------------------------------------------------------------------

local exchange_class = {}
exchange_class.__index = exchange_class

-- The two outputs of an exchange, in the fields of a result or of an error.
function exchange_class:texts()
  return { stdout = self.outputs[1]:text(), stderr = self.outputs[2]:text() }
end

-- nil and an error that carries what the process wrote.
function exchange_class:failed(err)
  return nil, errors.extend(err, self:texts())
end

function exchange_class:fail(name, problem, errno)
  local message = self.command and ("%s: %s"):format(self.command, problem) or problem
  local pid = self.process:pid()
  local _, err = errors.fail(name, message, self.operation, core.process_system_id(self.process), pid, errno)
  return self:failed(err)
end

-- Ends the process and whatever it started in its session's first group; it is gone soon.
function exchange_class:kill()
  core.process_signal_group(self.process, "KILL")
  deadline.persist(core.process_wait, self.process, deadline.after(KILL_SECONDS))
  for _, output in ipairs(self.outputs) do output:drain_rest() end
end

-- Writes some input. That nobody reads it is no error; at its end, and then, the process sees end-of-file.
function exchange_class:feed()
  local written, err = core.stream_write(self.stdin, self.input, self.position, 0)
  if written then self.position = self.position + written end
  if written == nil and err.errno ~= "EPIPE" and not core.is_timeout(err) then return nil, err end
  if self.position > #self.input or written == nil and err.errno == "EPIPE" then return self:end_input() end
  return true
end

function exchange_class:end_input()
  self.stdin = nil
  return self.process:close_stdin()
end

-- What to wait for now: the process, the outputs that have not ended, the input.
function exchange_class:targets()
  local targets, outputs = { self.process }, {}
  for _, output in ipairs(self.outputs) do
    if output.open then
      targets[#targets + 1] = output.stream
      outputs[#targets] = output
    end
  end
  targets[#targets + 1] = self.stdin
  return targets, outputs
end

local function problem_of(self, output, err)
  if err ~= "too much" then return self:failed(err) end
  self:kill()
  local problem = ("more than %d bytes on %s, it was killed; raise max_output or read its streams")
  return self:fail("GenFailure", problem:format(output.limit, output.name), "EFBIG")
end

-- Does what the ready targets allow; true, or nil and an error.
function exchange_class:serve(ready, targets, outputs)
  for i = 2, #targets do
    local output = outputs[i]
    if ready[i] and output then
      local _, err = output:drain()
      if err then return problem_of(self, output, err) end
    elseif ready[i] then
      local ok, err = self:feed()
      if not ok then return self:failed(err) end
    end
  end
  return true
end

local function poll(targets, when)
  return core.poll(targets, {}, when)
end

-- The outputs that have not ended, for poll.
function exchange_class:unended()
  local targets = {}
  for _, output in ipairs(self.outputs) do
    if output:expects_rest() then targets[#targets + 1] = output.stream end
  end
  return targets
end

-- What the process has written, which may be on its way yet where somebody passes it on.
function exchange_class:drain_rest()
  local when = core.clock() + core.OUTPUT_DELAY
  while true do
    for _, output in ipairs(self.outputs) do
      local ok, err = output:drain_rest()
      if not ok then return problem_of(self, output, err) end
    end
    local targets = self:unended()
    if #targets == 0 or core.clock() >= when then return true end
    local ready, err = deadline.persist(poll, targets, when)
    if not ready then return self:failed(err) end
  end
end

function exchange_class:exit_code()
  local code, err = deadline.persist(core.process_wait, self.process, 0)
  if not code then return self:failed(err) end
  return code
end

-- Until the process has ended: its exit code; nil and an error.
function exchange_class:serve_until_exit()
  while true do
    local targets, outputs = self:targets()
    local ready, err = deadline.persist(poll, targets, self.deadline)
    if not ready then return self:failed(err) end
    if ready[1] then return self:exit_code() end
    local ok
    ok, err = self:serve(ready, targets, outputs)
    if not ok then return nil, err end
    if core.clock() >= self.deadline then
      self:kill()
      return self:fail("Timeout", ("no end within %g s, it was killed"):format(self.timeout))
    end
  end
end

local function escape(bytes)
  return (bytes:gsub(".", function(byte) return ("\\%d"):format(byte:byte()) end))
end

-- The text with escapes for control characters and for what is not UTF-8.
local function printable(text)
  local parts, position = {}, 1
  repeat
    local _, wrong = utf8.len(text, position)
    local valid = text:sub(position, wrong and wrong - 1)
    parts[#parts + 1] = valid:gsub("[\0-\31\127]", escape):gsub("\xC2[\x80-\x9F]", escape)
    parts[#parts + 1] = wrong and escape(text:sub(wrong, wrong))
    position = wrong and wrong + 1
  until not wrong
  return table.concat(parts)
end

-- The last line for a message, cut when it is long.
local function last_line(text)
  local line = text:match "([^\n]*[^%s][^\n]*)%s*$"
  if not line then return nil end
  if #line > 300 then
    -- Not inside a character: at most three bytes of one are in front of the cut.
    line = line:sub(1, 301):match("^(.*)[^\x80-\xBF]" .. ("[\x80-\xBF]?"):rep(3) .. "$") or line:sub(1, 300)
  end
  return printable(line)
end

-- The event of processes that were killed for want of memory, or nil; its message has their number in it.
local function out_of_memory(container)
  local text = core.container_properties(container)
  -- Mostly there are none, and a whole document takes its time.
  if not text or not text:find('"Events"', 1, true) then return nil end
  for _, event in ipairs(document.decode("ContainerProperties", text).Events) do
    if event.EventId == OUT_OF_MEMORY then return event end
  end
  return nil
end

-- The event, if it is the cause: one more has been killed since the process was started.
function exchange_class:cause_of_kill()
  local event = out_of_memory(self.container)
  if event and event.Message ~= self.killed_before then return event end
  return nil
end

-- Codes that are an NTSTATUS are known by their digits: 0xC000013A.
local function code_text(code)
  return (code < 0x80000000 and "%d" or "0x%X"):format(code)
end

-- nil and a ProcessFailed.
function exchange_class:complain(result)
  local how = result.signal and "ended by SIG" .. result.signal or "exited with code " .. code_text(result.exit_code)
  local line = last_line(result.stderr)
  -- A shell exits with the same code when its child was killed.
  local cause = result.exit_code == KILLED_CODE and self.container and self:cause_of_kill()
  if cause then how = ("%s, out of memory %s"):format(how, cause.Message:match "%b()$") end
  local _, err = self:fail("ProcessFailed", line and ("%s: %s"):format(how, line) or how)
  errors.extend(err, { exit_code = result.exit_code, signal = result.signal })
  return nil, cause and errors.extend(err, { events = { cause } }) or err
end

function exchange_class:perform()
  if self.stdin and self.input == "" then
    local ok, err = self:end_input()
    if not ok then return self:failed(err) end
  end
  local code, err = self:serve_until_exit()
  if not code then return nil, err end
  local ok
  ok, err = self:drain_rest()
  if not ok then return nil, err end
  local result = self:texts()
  result.exit_code, result.signal = code, self.process:exit_signal()
  if self.check and code ~= 0 then return self:complain(result) end
  return result
end

-- The limit as an integer: `max_output` may be a float, and math.huge.
local function output_limit(max_output)
  if not max_output then return MAXIMUM_OUTPUT end
  return math.tointeger(math.floor(math.min(max_output, 2 ^ 62)))
end

local function new_exchange(process, stdin, stdout, stderr, options)
  local limit = output_limit(options.max_output)
  return setmetatable({
    process = process,
    stdin = stdin,
    input = options.input or "",
    position = 1,
    outputs = { new_output("stdout", stdout, limit), new_output("stderr", stderr, limit) },
    timeout = options.timeout,
    deadline = deadline.after(options.timeout),
    check = options.check,
  }, exchange_class)
end

-- ---- the two calls ---------------------------------------------------------------------------------------------

function run.communicate(process, options)
  local stdin, stdout, stderr, err = stdio(process)
  if err then return nil, err end
  if options.input and not stdin then return process:stdin() end -- nil and what is missing
  local exchange = new_exchange(process, stdin, stdout, stderr, options)
  exchange.operation = "hcs::Process::Communicate"
  return exchange:perform()
end

-- A process does not survive the call that made it, whether that fails or an error such as Ctrl-C's is raised through
-- it. When it has ended, the core leaves what it has started alone.
local guard_class = {
  __close = function(guard)
    local process = guard.process
    if not process then return end
    core.process_signal_group(process, "KILL")
    for _, stream in pairs(guard.streams) do stream:close() end
    process:close()
  end,
}

local function with_pipes(config, options)
  config.CreateStdInPipe = options.input ~= nil
  config.CreateStdOutPipe = true
  config.CreateStdErrPipe = true
  return config
end

-- Its deadline may pass before there is a process: a command on a file system that hangs, say.
local function not_started(err, timeout)
  if not timeout or not core.is_timeout(err) then return err end
  return core.error_reword(err, ("it was not started within %g s, and will not be"):format(timeout))
end

-- `config` is checked and ours.
function run.run(container, config, options)
  local guard <close> = setmetatable({ streams = {} }, guard_class)
  local when = deadline.after(options.timeout)
  local killed = options.check and out_of_memory(container)
  local err
  guard.process, err = command.start(container, with_pipes(config, options), when)
  if not guard.process then return nil, not_started(err, options.timeout) end
  local stdin, stdout, stderr
  stdin, stdout, stderr, err = stdio(guard.process)
  if err then return nil, errors.extend(err, { stdout = "", stderr = "" }) end
  guard.streams = { stdin = stdin, stdout = stdout, stderr = stderr }
  local exchange = new_exchange(guard.process, stdin, stdout, stderr, options)
  exchange.deadline, exchange.operation, exchange.command = when, "hcs::System::Run", command.text(config)
  exchange.container, exchange.killed_before = container, killed and killed.Message
  return exchange:perform()
end

return run
