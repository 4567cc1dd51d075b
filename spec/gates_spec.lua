-- Which call is allowed in which state: contract §1.5 and §1.6, row by row, as far as API.md does not say otherwise.
-- Every cell has a container (and a process) of its own.
local hcs = require "hcs"
local support = require "spec.support"

local puppet, on = support.puppet, support.on

local PATIENCE = 20

-- What cells say: the outcome of a call, in words.
local YES, NO = "true", "false"
local LATE = "Timeout" -- a wait that is not over
local STATE = "VmcomputeOperationInvalidState" -- 0xC0370105
local STOPPED = "VmcomputeAlreadyStopped" -- 0xC0370110
local ENDED = "ProcessAlreadyStopped" -- 0x8037011F
local CLOSED = "AlreadyClosed"
local NONE = "ElementNotFound" -- 0x490
local UNKNOWN = "InvalidProcessState"

-- What differs from one platform to the other.
local UNAVAILABLE = on { windows = "NotSupported" }
local TEXT, WRITTEN = UNAVAILABLE or "text", UNAVAILABLE or YES -- files are read and written on Linux only
local FROZEN = UNAVAILABLE or STATE
local FD = UNAVAILABLE or "number"
local USR1 = UNAVAILABLE or YES
local CHANGED = on { linux = STATE, windows = YES } -- the service's to say: a device may be added before the start
local NO_CONSOLE = on { linux = NONE, windows = "InvalidParameter" } -- the service's word
local KILLED, SIGNAL = tostring(support.KILLED), tostring(support.KILL_SIGNAL)

local codes = {
  [STATE] = 0xC0370105, [STOPPED] = 0xC0370110, [ENDED] = 0x8037011F, [NONE] = 0x490,
  NotSupported = 0x32, InvalidParameter = 0x57,
}

-- The first value that a call gave, in words: an object by its type, a document by its State, an error by its name.
local function outcome(value, err)
  if err ~= nil then
    assert.is_nil(value)
    assert.equal("error", hcs.type(err))
    assert.equal(codes[err.name], err.code)
    return err.name
  end
  if type(value) == "table" then return value.State or "table" end
  return hcs.type(value) or tostring(value)
end

-- Calls the row's function on the object: what it gave, in words. An error is the last value.
local function called(call, object, ...)
  local values = table.pack(call(object, ...))
  local last = values[values.n]
  local text = outcome(values[1], hcs.type(last) == "error" and last or nil)
  for i = 1, values.n do
    local kind = hcs.type(values[i])
    if values[i] ~= object and (kind == "process" or kind == "stream") then values[i]:close() end
  end
  return text
end

-- ---- containers ------------------------------------------------------------------------------------------------

-- Each brings a new container to the state of its column; the handle, one that stays open, the pid of a process.
local CONTAINER_STATES = { "Created", "Running", "Paused", "Stopped", "closed", "closed after the end" }

local bring = {}

function bring.Created()
  local c = assert(hcs.create_container(nil, support.config()))
  return c, assert(hcs.open_container(c:id()))
end

function bring.Running()
  local c, other = bring.Created()
  assert(c:start())
  local p <close> = assert(c:create_process(puppet("sleep", 1000)))
  return c, other, p:pid()
end

function bring.Paused()
  local c, other, pid = bring.Running()
  assert(c:pause())
  return c, other, pid
end

function bring.Stopped()
  local c, other, pid = bring.Running()
  assert(c:terminate())
  assert(c:wait(PATIENCE))
  return c, other, pid
end

bring["closed"] = function()
  local c, other, pid = bring.Running()
  assert(c:close())
  return c, other, pid
end

bring["closed after the end"] = function()
  local c, other, pid = bring.Stopped()
  assert(c:close())
  return c, other, pid
end

local change = on {
  linux = { ResourceType = "Memory", RequestType = "Update", Settings = { MemoryMaximumInMB = 64 } },
  windows = { ResourceType = "Network", RequestType = "Add", Settings = "eef2649d-bb17-4d53-9937-295a8efe6f2c" },
}

-- The process of bring.Running; in a created container there is none.
local function opened(c, pid)
  return c:open_process(pid or 4)
end

local function method(name, ...)
  local arguments = table.pack(...)
  return function(object) return object[name](object, table.unpack(arguments, 1, arguments.n)) end
end

-- Which objects of a list with this one are ready.
local function polled(object)
  local ready, err = hcs.poll({ object }, 0)
  if not ready then return nil, err end
  return #ready > 0
end

local container_rows = {
  -- call                                                  Created    Running    Paused     Stopped    closed  …after it
  { "start", method "start",                               YES,       STATE,     STATE,     STOPPED,   CLOSED, CLOSED },
  { "shutdown", method "shutdown",                         YES,       YES,       YES,       YES,       CLOSED, CLOSED },
  { "terminate", method "terminate",                       YES,       YES,       YES,       YES,       CLOSED, CLOSED },
  { "stop", method("stop", 0),                             YES,       YES,       YES,       YES,       CLOSED, CLOSED },
  { "wait(0)", method("wait", 0),                          LATE,      LATE,      LATE,      YES,       CLOSED, YES },
  { "wait(0.01)", method("wait", 0.01),                    LATE,      LATE,      LATE,      YES,       CLOSED, YES },
  { "pause", method "pause",                               STATE,     YES,       STATE,     STOPPED,   CLOSED, CLOSED },
  { "resume", method "resume",                             STATE,     STATE,     YES,       STOPPED,   CLOSED, CLOSED },
  { "has_pending_updates", method "has_pending_updates",   NO,        NO,        NO,        NO,        NO,     NO },
  { "statistics", method "statistics",                     "table",   "table",   "table",   STOPPED,   CLOSED, CLOSED },
  { "process_list", method "process_list",                 "table",   "table",   "table",   STOPPED,   CLOSED, CLOSED },
  { "mapped_virtual_disks", method "mapped_virtual_disks", "table",   "table",   "table",   STOPPED,   CLOSED, CLOSED },
  { "create_process", method("create_process", puppet()),  STATE,     "process", STATE,     STOPPED,   CLOSED, CLOSED },
  { "run", method("run", puppet()),                        STATE,     "table",   STATE,     STOPPED,   CLOSED, CLOSED },
  { "open_process", opened,                                STATE,     "process", "process", STOPPED,   CLOSED, CLOSED },
  { "open_process of nobody", method("open_process", 99),  STATE,     NONE,      NONE,      STOPPED,   CLOSED, CLOSED },
  { "modify", method("modify", change),                    CHANGED,   YES,       CHANGED,   STOPPED,   CLOSED, CLOSED },
  { "read_file", method("read_file", "/etc/group"),        TEXT,      TEXT,      FROZEN,    STOPPED,   CLOSED, CLOSED },
  { "write_file", method("write_file", "/f", ""),          WRITTEN,   WRITTEN,   FROZEN,    STOPPED,   CLOSED, CLOSED },
  { "properties", method "properties",                     "Created", "Running", "Paused",  "Stopped", CLOSED, CLOSED },
  { "state", method "state",                               "Created", "Running", "Paused",  "Stopped", CLOSED, CLOSED },
  { "pollfd", method "pollfd",                             FD,        FD,        FD,        FD,        CLOSED, CLOSED },
  { "events", method "events",                             "r",       "r",       "r",       "r",       CLOSED, CLOSED },
  { "timeout", method "timeout",                           "nil",     "nil",     "nil",     "nil",     CLOSED, CLOSED },
  { "hcs.poll", polled,                                    NO,        NO,        NO,        YES,       CLOSED, CLOSED },
  { "close", method "close",                               YES,       YES,       YES,       YES,       YES,    YES },
}

-- Results that differ from one container to the next.
local function normal(text)
  if text:find "^%d+$" then return "number" end
  if text:find "\n" then return "text" end
  return text
end

-- What a call that is refused must leave as it was, and what the others make of it.
local after = {
  start = { Created = "Running" },
  shutdown = { Created = "Stopped", Running = "Stopped" },
  terminate = { Created = "Stopped", Running = "Stopped", Paused = "Stopped" },
  stop = { Created = "Stopped", Running = "Stopped", Paused = "Stopped" },
  pause = { Running = "Paused" },
  resume = { Paused = "Running" },
}

-- The state as it is soon, or stays: a request may take its time.
local function settles(other, expected)
  if expected == "Stopped" then assert(other:wait(PATIENCE)) end
  assert.equal(expected, other:state())
end

local function check_container(row, column)
  local state = CONTAINER_STATES[column]
  local c, other, pid = bring[state]()
  local before = other:state()
  assert.equal(row[2 + column], normal(called(row[2], c, pid)))
  settles(other, after[row[1]] and after[row[1]][state] or before)
  assert(other:terminate())
  assert(other:wait(PATIENCE))
  c:close()
  other:close()
end

describe("container:", function()
  for _, row in ipairs(container_rows) do
    for column, state in ipairs(CONTAINER_STATES) do
      it(("%s, %s: %s"):format(row[1], state, row[2 + column]), function() check_container(row, column) end)
    end
  end

  it("has a row for every method", function()
    local rows = {}
    for _, row in ipairs(container_rows) do rows[row[1]:match "^[%w_]+"] = true end
    for name in pairs(debug.getregistry()["hcs.container"].__index) do
      assert(rows[name] or name == "id", name)
    end
  end)

  it("id and tostring work in every state", function()
    for _, state in ipairs(CONTAINER_STATES) do
      local c, other = bring[state]()
      local shown = state:find "^closed" and "closed" or state
      assert.equal(("hcs.container: %s (%s)"):format(other:id(), shown), tostring(c))
      assert.equal(other:id(), c:id())
      assert(other:terminate())
      assert(other:wait(PATIENCE))
      c:close()
      other:close()
    end
  end)
end)

-- ---- processes -------------------------------------------------------------------------------------------------

local PROCESS_STATES = {
  "running", "in a paused container", "exited", "in a container that has ended", "closed", "closed after the end",
}

local start = {}
local pid_of = setmetatable({}, { __mode = "k" })

local piped = { CreateStdInPipe = true, CreateStdOutPipe = true, CreateStdErrPipe = true }
local on_console = { EmulateConsole = true }

-- It ends with code 7 at the end of its input, which stdio (one of the two above) connects.
start["running"] = function(stdio)
  local c, other = bring.Created()
  assert(c:start())
  local p = assert(c:create_process(puppet("read", "exit", 7, stdio)))
  pid_of[p] = p:pid()
  return p, c, other
end

start["in a paused container"] = function(stdio)
  local p, c, other = start.running(stdio)
  assert(c:pause())
  return p, c, other
end

function start.exited(stdio)
  local p, c, other = start.running(stdio)
  assert(p:close_stdin())
  assert.equal(7, p:wait(PATIENCE))
  return p, c, other
end

start["in a container that has ended"] = function(stdio)
  local p, c, other = start.running(stdio)
  assert(c:terminate())
  assert(c:wait(PATIENCE))
  return p, c, other
end

start["closed"] = function(stdio)
  local p, c, other = start.running(stdio)
  assert(p:close())
  return p, c, other
end

start["closed after the end"] = function(stdio)
  local p, c, other = start.exited(stdio)
  assert(p:close())
  return p, c, other
end

local function its_pid(p)
  return p:pid() == pid_of[p]
end

-- In a paused container nothing ends.
local function communicated(p, state)
  return p:communicate { timeout = state:find "paused" and 0 or PATIENCE }
end

local process_rows = {
  -- call                                     running    paused     exited    ended     closed    …after the end
  { "pid, as at first", its_pid,              YES,       YES,       YES,      YES,      YES,      YES },
  { "kill", method "kill",                    YES,       YES,       ENDED,    ENDED,    CLOSED,   CLOSED },
  { "signal", method("signal", "USR1"),       USR1,      USR1,      ENDED,    ENDED,    CLOSED,   CLOSED },
  { "wait(0)", method("wait", 0),             LATE,      LATE,      "7",      KILLED,   CLOSED,   "7" },
  { "wait(0.01)", method("wait", 0.01),       LATE,      LATE,      "7",      KILLED,   CLOSED,   "7" },
  { "exit_code", method "exit_code",          UNKNOWN,   UNKNOWN,   "7",      KILLED,   CLOSED,   "7" },
  { "exit_signal", method "exit_signal",      UNKNOWN,   UNKNOWN,   "nil",    SIGNAL,   CLOSED,   "nil" },
  { "resize_console", method("resize_console", 80, 25), NO_CONSOLE, NO_CONSOLE, ENDED, ENDED,   CLOSED,   CLOSED },
  { "resize_console of a console", method("resize_console", 80, 25), YES, YES, ENDED, ENDED, CLOSED, CLOSED,
    stdio = on_console },
  { "stdio", method "stdio",                  "stream",  "stream",  "stream", "stream", CLOSED,   CLOSED },
  { "stdin", method "stdin",                  "stream",  "stream",  "stream", "stream", CLOSED,   CLOSED },
  { "stdout", method "stdout",                "stream",  "stream",  "stream", "stream", CLOSED,   CLOSED },
  { "stderr", method "stderr",                "stream",  "stream",  "stream", "stream", CLOSED,   CLOSED },
  { "close_stdin", method "close_stdin",      YES,       YES,       YES,      YES,      CLOSED,   CLOSED },
  { "communicate", communicated,              "table",   LATE,      "table",  "table",  CLOSED,   CLOSED },
  { "pollfd", method "pollfd",                FD,        FD,        FD,       FD,       CLOSED,   CLOSED },
  { "events", method "events",                "r",       "r",       "r",      "r",      CLOSED,   CLOSED },
  { "timeout", method "timeout",              "nil",     "nil",     "nil",    "nil",    CLOSED,   CLOSED },
  { "hcs.poll", polled,                       NO,        NO,        YES,      YES,      CLOSED,   CLOSED },
  { "close", method "close",                  YES,       YES,       YES,      YES,      YES,      YES },
}

local function check_process(row, column)
  local state = PROCESS_STATES[column]
  local p, c, other = start[state](row.stdio or piped)
  local text = called(row[2], p, state)
  if row[1] == "pollfd" then text = normal(text) end
  assert.equal(row[2 + column], text)
  assert(other:terminate())
  assert(other:wait(PATIENCE))
  for _, object in ipairs { p, c, other } do object:close() end
end

describe("process:", function()
  for _, row in ipairs(process_rows) do
    for column, state in ipairs(PROCESS_STATES) do
      it(("%s, %s: %s"):format(row[1], state, row[2 + column]), function() check_process(row, column) end)
    end
  end

  it("has a row for every method", function()
    local rows = {}
    for _, row in ipairs(process_rows) do rows[row[1]:match "^[%w_]+"] = true end
    for name in pairs(debug.getregistry()["hcs.process"].__index) do
      -- interact takes the caller's terminal: it has a spec of its own.
      assert(rows[name] or name == "interact", name)
    end
  end)
end)

support.nothing_left()
