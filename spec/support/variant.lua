-- busted's helper: the collector's mode in each run of the suite, which HCS_TEST_VARIANT names (scripts/specs).
local variant = os.getenv "HCS_TEST_VARIANT"
if variant == "generational" then
  collectgarbage "generational"
elseif variant == "asan" then
  -- The sanitizers see what was collected too early when it is collected at once. Pause 1 (Lua rounds it to 0): a
  -- cycle begins as soon as one has ended.
  collectgarbage("incremental", 1, 400)
end
