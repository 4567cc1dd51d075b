-- cycle.lua ROUNDS - the full cycle (create, start, /bin/true, wait, terminate, wait, close) step by step, and one
-- process in a running container; times in ms: minimum, median, 90 % below.
local hcs = require "hcs"
local clock = require "hcs.core".clock

local rounds = tonumber(arg[1]) or 100
local config = { Layers = { { Path = os.getenv "HCS_BASE_LAYER" or "/var/lib/hcs/layers/busybox" } } }
local order, times = {}, {}

local function note(name, since)
  local now = clock()
  if not times[name] then
    order[#order + 1], times[name] = name, {}
  end
  table.insert(times[name], (now - since) / 1e6)
  return now
end

local function process_run(container)
  local process <close> = assert(container:create_process { "/bin/true" })
  assert(process:wait() == 0)
end

local function cycle()
  local begin = clock()
  local container <close> = assert(hcs.create_container(nil, config))
  local at = note("  create", begin)
  assert(container:start())
  at = note("  start", at)
  local process = assert(container:create_process { "/bin/true" })
  at = note("  create_process", at)
  assert(process:wait() == 0)
  assert(process:close())
  at = note("  wait (process)", at)
  assert(container:terminate())
  at = note("  terminate", at)
  assert(container:wait())
  at = note("  wait (container)", at)
  assert(container:close())
  note("  close", at)
  note("hcs full cycle", begin)
end

local function processes(count)
  local container <close> = assert(hcs.create_container(nil, config))
  assert(container:start())
  for _ = 1, count do
    local begin = clock()
    process_run(container)
    note("hcs one process", begin)
  end
  assert(container:terminate())
  assert(container:wait())
end

cycle()
order, times = {}, {}
for _ = 1, rounds do cycle() end
processes(rounds * 5)

for _, name in ipairs(order) do
  local list = times[name]
  table.sort(list)
  print(("%-24s %8.2f %8.2f %8.2f"):format(name, list[1], list[#list // 2 + 1], list[#list * 9 // 10]))
end
