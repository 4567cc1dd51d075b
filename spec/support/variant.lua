-- busted's helper: puts the collector into the mode of this run of the suite, HCS_TEST_VARIANT (scripts/specs).
local variant = os.getenv "HCS_TEST_VARIANT"
if variant == "asan" then
  collectgarbage "generational"
elseif variant == "restless" then
  -- Pause 1 (Lua rounds it to 0): a cycle begins as soon as one has ended.
  collectgarbage("incremental", 1, 400)
end
