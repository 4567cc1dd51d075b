-- A time of a document as a number: `local moment = require "spec.support.moment"`

-- Days from 1970-01-01 to that date.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day - 1 - 719468
end

-- The 100 ns since 1970 that a time of a document stands for; nil if it is no such time.
return function(text)
  local pattern = "^(%d%d%d%d)-(%d%d)-(%d%d)T(%d%d):(%d%d):(%d%d)%.(%d%d%d%d%d%d%d)Z$"
  local year, month, day, hour, minute, second, fraction = text:match(pattern)
  if not year then return nil end
  local function number(digits) return math.tointeger(tonumber(digits)) end
  local minutes = (days(number(year), number(month), number(day)) * 24 + number(hour)) * 60 + number(minute)
  return (minutes * 60 + number(second)) * 10000000 + number(fraction)
end
