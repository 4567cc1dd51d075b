-- Errors that the Lua layer makes, and what it adds to the core's: fields, and the decoded events.
local core = require "hcs.core"
local document = require "hcs.document"

local pairs = pairs

local errors = {}

-- nil and a new error. `name` as in the core's table of names; the rest but `message` may be nil, and `message` too if
-- the name says it all.
function errors.fail(name, message, operation, id, pid, errno)
  return nil, core.error_new(name, message, operation, id, pid, errno)
end

-- Gives an error of the core's, which nobody has seen yet, a message that tells more; returns nil and it.
function errors.reword(err, message)
  return nil, core.error_reword(err, message)
end

local PLAIN_TIMEOUT = core.error_new("Timeout").message

-- The same for a missed deadline: what has not happened, and within which time. Other errors stay as they are, and
-- so does one that says more already.
function errors.missed(err, what, timeout)
  if err.name ~= "Timeout" or err.message ~= PLAIN_TIMEOUT then return nil, err end
  return errors.reword(err, timeout == 0 and what .. " yet" or ("%s within %g s"):format(what, timeout))
end

-- Adds fields to an error; returns it.
function errors.extend(err, fields)
  local all = core.error_fields(err) or core.error_fields(err, {})
  for key, value in pairs(fields) do all[key] = value end
  return err
end

-- The array of ErrorEvents, decoded when first asked for.
local function events(err)
  local fields = core.error_fields(err)
  local list = fields and fields.events
  if not list then
    list = document.decode_list("ErrorEvent", core.error_events(err) or "[]")
    errors.extend(err, { events = list })
  end
  return list
end

-- Completes the class: `err.events` needs JSON, which the core's __index leaves to us.
function errors.install()
  local index = core.error.__index
  function core.error.__index(err, key)
    if key == "events" then return events(err) end
    return index(err, key)
  end
end

return errors
