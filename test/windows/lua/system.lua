-- What busted takes of lua-system: times in seconds. On Windows os.clock is the time since the program began, not
-- the processor's.
return {
  gettime = os.time,
  monotime = os.clock,
  sleep = function(seconds) require "hcs".poll({}, seconds) end,
}
