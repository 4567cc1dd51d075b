-- hcs.poll: waits for many objects at once, ours and whatever speaks cqueues' protocol (pollfd, events, timeout).
local arguments = require "hcs.arguments"
local core = require "hcs.core"
local deadline = require "hcs.deadline"

local ipairs, math, next, pairs, pcall, type = ipairs, math, next, pairs, pcall, type
local FOREVER = core.FOREVER

-- One call's bookkeeping: what the core waits for, and which object each of those belongs to.
local function new_set()
  return { targets = {}, for_write = {}, owners = {}, expiries = {}, soonest = FOREVER }
end

local function add_target(set, target, for_write, owner)
  local i = #set.targets + 1
  set.targets[i], set.for_write[i], set.owners[i] = target, for_write, owner
end

-- A member of a foreign object, nil where it cannot be asked.
local function member(object, name)
  local kind = type(object)
  if kind == "table" then return object[name] end
  if kind ~= "userdata" then return nil end
  local ok, value = pcall(function() return object[name] end)
  return ok and value or nil
end

local function ask(object, name)
  local method = member(object, name)
  return method and method(object)
end

-- Adds a foreign object; what is wrong with it, or nil.
local function add_foreign(set, object, owner)
  local descriptor = ask(object, "pollfd")
  if descriptor ~= nil then
    if math.type(descriptor) ~= "integer" then
      return "its pollfd is " .. arguments.type_name(descriptor) .. ", not a descriptor"
    end
    local events = ask(object, "events") or "r"
    if type(events) ~= "string" then return "its events are " .. arguments.type_name(events) .. ", not a string" end
    local for_write = events:find("w", 1, true) ~= nil
    if for_write then add_target(set, descriptor, true, owner) end
    if not for_write or events:find "[rp]" then add_target(set, descriptor, false, owner) end
  end
  local timeout = ask(object, "timeout")
  if timeout == nil then return nil end
  if type(timeout) ~= "number" then return "its timeout is " .. arguments.type_name(timeout) .. ", not a number" end
  local expiry = deadline.after(timeout)
  set.expiries[owner] = expiry
  set.soonest = math.min(set.soonest, expiry)
end

local function add(set, object, owner)
  local class = core.class(object)
  if class and class ~= "error" then
    add_target(set, object, false, owner)
  elseif type(member(object, "pollfd")) == "function" then
    return add_foreign(set, object, owner)
  else
    return "container, process, stream or object with a pollfd method expected, got " .. arguments.type_name(object)
  end
end

-- Which objects are ready: a set of their positions, and whether it has any; nil and an error.
local function wait(set, when)
  local ready, err = deadline.persist(function(targets, until_when)
    return core.poll(targets, set.for_write, until_when)
  end, set.targets, math.min(when, set.soonest))
  if not ready then return nil, err end
  local positions, any = {}, false
  for i, is_ready in ipairs(ready) do
    if is_ready then positions[set.owners[i]], any = true, true end
  end
  for owner, expiry in pairs(set.expiries) do
    if expiry <= core.clock() then positions[owner], any = true, true end
  end
  return positions, any
end

-- The ready objects, in the order of the list.
local function select_objects(objects, positions)
  local list = {}
  for i, object in ipairs(objects) do
    if positions[i] then list[#list + 1] = object end
  end
  return list
end

local function poll(objects, timeout)
  arguments.value(objects, "table", 1, "poll")
  arguments.timeout(timeout, 2, "poll")
  local when = deadline.after(timeout)
  if #objects == 0 then
    local key = next(objects)
    if key ~= nil then
      local what = type(key) == "number" and "holes" or "named fields"
      arguments.fail(1, "poll", "a list expected, got a table with " .. what)
    end
    if when == FOREVER then arguments.fail(1, "poll", "an empty list needs a timeout") end
  end
  local set = new_set()
  for i = 1, #objects do
    local problem = add(set, objects[i], i)
    if problem then arguments.fail(1, "poll", ("objects[%d]: %s"):format(i, problem)) end
  end
  local positions, any
  repeat
    positions, any = wait(set, when)
    if not positions then return nil, any end
  until any or core.clock() >= when
  return select_objects(objects, positions)
end

return poll
