-- What the kernel says of a container, to be compared with what its documents say.
-- `local kernel = require "spec.support.linux.kernel"`
local groups = require "spec.support.linux.groups"
local lfs = require "lfs"
local support = require "spec.support.linux"

local kernel = {}

-- Now, in the 100 ns since 1970 that spec.support.moment has.
function kernel.now()
  local seconds, nanoseconds = support.shell "date +%s.%N":match "^(%d+)%.(%d+)"
  return math.tointeger(seconds) * 10000000 + math.tointeger(tonumber(nanoseconds)) // 100
end

-- The processor time of a container in 100 ns, by its control group.
function kernel.runtime(container)
  if groups.layout() == "v1" then
    return math.tointeger(groups.read(container, "cpuacct", "cpuacct.usage")) // 100
  end
  return math.tointeger(groups.read(container, "unified", "cpu.stat"):match "usage_usec (%d+)") * 10
end

-- The bytes of memory that it is charged.
function kernel.memory(container)
  local file = groups.layout() == "v2" and "memory.current" or "memory.usage_in_bytes"
  return math.tointeger(groups.read(container, "memory", file))
end

-- The host's pids of its processes, the guest not among them.
function kernel.pids(container)
  local pids = {}
  local text = groups.read(container, groups.layout() == "v1" and "pids" or "unified", "cgroup.procs")
  for pid in text:gmatch "%d+" do pids[#pids + 1] = math.tointeger(pid) end
  return pids
end

-- Is that folder on a disk, whose reads and writes are counted?
function kernel.is_on_disk(folder)
  local numbers = support.shell("stat -c %Hd:%Ld " .. support.quote(folder)):gsub("\n", "")
  return numbers:match "^%d+:" ~= "7:" and lfs.attributes("/sys/dev/block/" .. numbers) ~= nil
end

return kernel
