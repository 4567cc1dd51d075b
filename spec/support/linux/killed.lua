-- Clients that are killed at one of their system calls, by test/kill_at_program. A script opens the path
-- /hcs-spec/begin where it is to be killed from on, and /hcs-spec/end where no more.
local assert = require "luassert"
local support = require "spec.support.linux"

local killed = {}

local build = os.getenv "HCS_BUILD" or "build"

-- Runs the script and kills it at its system call stop `at`; at 0 nothing is killed. Returns the number of
-- stops that were made.
function killed.run(script, at, ...)
  local arguments = {}
  for i, argument in ipairs { ... } do arguments[i] = support.quote(tostring(argument)) end
  -- The leak sanitizer does not work under ptrace.
  local output = support.shell(table.concat({ "ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0", support.quote(build) ..
    "/test/kill_at_program", at, "/hcs-spec/begin /hcs-spec/end env", support.lua(), support.quote(script),
    table.concat(arguments, " ") }, " "))
  -- One that waits makes a stop more or less, so the last ones may not come.
  if output == ("killed at %d\n"):format(at) then return at end
  return (assert(math.tointeger(output:match "^(%d+) stops\n$"), output))
end

-- Kills the script at about `kills` of its stops, of which there must be `least`, the first and the last among
-- them, and calls `check` after each, and after the one run that is not killed. HCS_SPEC_KILLS=all kills it at
-- every one.
function killed.sweep(kills, least, script, check, ...)
  local count = killed.run(script, 0, ...)
  assert.is_true(count >= least, "only " .. count .. " stops")
  kills = os.getenv "HCS_SPEC_KILLS" == "all" and count or math.min(count, support.rounds(kills))
  for kill = -1, kills - 1 do
    local at = kill < 0 and 0 or 1 + kill * (count - 1) // math.max(1, kills - 1)
    if at > 0 then killed.run(script, at, ...) end
    local ok, err = pcall(check, at)
    if not ok then error(("killed at stop %d of %d: %s"):format(at, count, tostring(err)), 0) end
  end
end

return killed
