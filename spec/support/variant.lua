-- busted's helper: puts the collector into the mode that HCS_TEST_VARIANT asks for (scripts/specs).
local variant = os.getenv "HCS_TEST_VARIANT"
if variant == "generational" or variant == "asan" then
  collectgarbage "generational"
elseif variant == "incremental" then
  -- Pause 1 (Lua rounds it to 0): a cycle begins as soon as one has ended.
  collectgarbage("incremental", 1, 400)
end
