-- What specs share: configs that work on this platform, a program to run in containers, temporary folders, and the
-- check that a spec file leaves nothing behind. `local support = require "spec.support"`
--
-- Specs in spec/ state the common contract and use nothing but this. What spec/linux/ needs besides is in
-- spec.support.linux, which has all of this, too; spec/windows/ has spec.support.windows.
local assert = require "luassert"
local busted = require "busted"
local hcs = require "hcs"

local platform = require("spec.support." .. hcs.backend .. ".platform")

local support = { backend = hcs.backend }

support.is_linux = support.backend == "linux"
support.is_windows = support.backend == "windows"

function support.read_file(path)
  local file = assert(io.open(path, "rb"))
  local text = file:read "a"
  file:close()
  return text
end

function support.write_file(path, text)
  local file = assert(io.open(path, "wb"))
  assert(file:write(text))
  assert(file:close())
  return path
end

-- Where a file of the project is that is no spec.
function support.source(path)
  return platform.ROOT .. path
end

-- The error of a call that failed, as it must, with this name or code.
function support.failure(expected, result, err)
  assert.is_nil(result)
  assert.equal("error", hcs.type(err))
  assert.equal(expected, type(expected) == "string" and err.name or err.code, tostring(err))
  return err
end

-- Fails unless `part` stands in `text`, as it is.
function support.contains(part, text)
  assert(text:find(part, 1, true), ("'%s' is not in '%s'"):format(part, text))
end

-- hcs.poll has given the very objects that it was to give, in their order.
function support.assert_ready(expected, list, err)
  assert.is_nil(err)
  assert.equal(#expected, #list)
  for i, object in ipairs(expected) do assert.is_true(rawequal(object, list[i])) end
end

-- Waits until `condition` is true, five seconds at most; whether it is.
function support.eventually(condition)
  for _ = 1, 500 do
    if condition() then return true end
    hcs.poll({}, 0.01)
  end
  return condition()
end

-- The error of a write that nobody reads any more. On Windows, where somebody may pass the input on, it comes a
-- moment after the reader's end; elsewhere at once.
function support.broken(stdin)
  local err
  local function is_refused()
    err = select(2, stdin:write "x")
    return err ~= nil
  end
  if not is_refused() and support.backend == "windows" then support.eventually(is_refused) end
  return err
end

-- What a call does on this platform: support.on { linux = …, windows = … }
function support.on(choice)
  return choice[support.backend]
end

-- A ContainerConfig that ends with its last handle, on layers with the puppet; `extra` is laid over it.
function support.config(extra)
  local config = platform.config()
  config.TerminateOnLastHandleClosed = true
  for field, value in pairs(extra or {}) do config[field] = value end
  return config
end

-- A started container with a new id, on support.config(extra).
function support.container(extra)
  local container = assert(hcs.create_container(nil, support.config(extra)))
  assert(container:start())
  return container
end

-- A command that does what its words say, one after the other, the same on every platform (test/puppet/puppet.c):
-- support.puppet("print", "a line\n", "exit", 3). A table as last argument is laid over it: pipes, User, ….
function support.puppet(...)
  local command = { platform.PUPPET }
  for _, word in ipairs { ... } do
    if type(word) == "table" then
      for field, value in pairs(word) do command[field] = value end
    else
      command[#command + 1] = tostring(word)
    end
  end
  return command
end

-- A puppet that does this with all three pipes, and its streams.
function support.piped(container, ...)
  local command = support.puppet(...)
  command.CreateStdInPipe, command.CreateStdOutPipe, command.CreateStdErrPipe = true, true, true
  local process = assert(container:create_process(command))
  return process, process:stdio()
end

-- How a process ends that is killed: its exit code, and what exit_signal() says.
support.KILLED = platform.KILLED
support.KILL_SIGNAL = platform.KILL_SIGNAL

-- A new empty folder; remove it with support.remove().
support.temporary_folder = platform.temporary_folder
support.remove = platform.remove

-- Fewer rounds where the suite runs again (other collector modes, sanitizers, virtual machine): it looks for
-- other mistakes there.
function support.rounds(count)
  if (os.getenv "HCS_TEST_VARIANT" or "plain") == "plain" then return count end
  return math.max(1, count // 10)
end

-- What containers could leave behind, as it is now: to be given to support.difference() later.
support.snapshot = platform.snapshot
-- What is there now and was not there then, as a list of texts.
support.difference = platform.difference
-- The same without processes that are dead and not buried yet.
support.living = platform.living

-- Ends a spec file: adds a test that nothing is there now that was not there when the file was read. What
-- ends by itself (a container whose last handle was collected) is given five seconds.
function support.nothing_left()
  local before = support.snapshot()
  local file = debug.getinfo(2, "S").short_src
  busted.it("leaves nothing behind: " .. file, function()
    local new
    for _ = 1, 100 do
      collectgarbage()
      collectgarbage()
      new = support.difference(before)
      if #new == 0 then return end
      hcs.poll({}, 0.05)
    end
    error("left behind:\n  " .. table.concat(new, "\n  "), 0)
  end)
end

return support
