-- What a container could leave behind on the host, as sets of texts: mounts, control groups, processes,
-- descriptors of this process, loop devices, entries of the state directory.
local lfs = require "lfs"

local residue = {}

local function read(path)
  local file = io.open(path, "r")
  if not file then return nil end
  local text = file:read "a"
  file:close()
  return text
end

-- The names in a directory; none if it is not there.
local function names(path)
  local list = {}
  local ok, iterator, state = pcall(lfs.dir, path)
  if not ok then return list end
  for name in iterator, state do
    if name ~= "." and name ~= ".." then list[#list + 1] = name end
  end
  return list
end

function residue.state_directory()
  return os.getenv "HCS_STATE_DIR" or "/run/hcs"
end

function residue.cgroup_parent()
  return os.getenv "HCS_CGROUP_PARENT" or "/hcs"
end

-- The temporary folders of this run of specs (support.temporary_folder).
residue.folders = {}

-- Is that in a temporary folder of another run, at the same time?
local function is_of_others(path)
  local folder = path:match "^/tmp/hcs%-spec%.[^/]+"
  return folder and not residue.folders[folder]
end

local function mounts()
  local set = {}
  -- id, parent, major:minor, root, mount point, options, …, "-", type, source
  for line in (read "/proc/self/mountinfo" or ""):gmatch "[^\n]+" do
    local id, point = line:match "^(%d+) %d+ %S+ %S+ (%S+)"
    if not is_of_others(point) then
      set["mount " .. id .. " on " .. point .. " (" .. (line:match " %- (%S+)" or "?") .. ")"] = true
    end
  end
  return set
end

local function cgroups()
  local set = {}
  for line in (read "/proc/self/mountinfo" or ""):gmatch "[^\n]+" do
    local point = line:match "^%d+ %d+ %S+ %S+ (%S+)"
    if (line:match " %- (%S+)" or ""):find "^cgroup2?$" then
      local parent = point .. residue.cgroup_parent()
      for _, name in ipairs(names(parent)) do
        local path = parent .. "/" .. name
        if lfs.attributes(path, "mode") == "directory" then set["control group " .. path] = true end
      end
    end
  end
  return set
end

-- pid -> {parent, text}, of every process that can be seen.
local function process_table()
  local processes = {}
  for _, name in ipairs(names "/proc") do
    local stat = name:find "^%d+$" and read("/proc/" .. name .. "/stat")
    if stat then
      -- The name may hold anything, so what follows is looked for behind the last bracket.
      local command, state, parent, rest = stat:match "^%d+ (%b()) (%a) (%d+) (.*)$"
      if not command then command, state, parent, rest = stat:match "^%d+ (%(.*%)) (%a) (%d+) (.*)$" end
      local fields = {}
      for field in rest:gmatch "%S+" do fields[#fields + 1] = field end
      processes[name] = {
        parent = parent,
        -- Field 22, the start time, tells a pid from its next owner.
        text = ("process %s %s %s, started %s"):format(name, command, state, fields[22 - 4]),
      }
    end
  end
  return processes
end

-- The processes below this one, and everything that runs in a control group of ours.
local function processes()
  local set = {}
  local self = (read "/proc/self/stat" or ""):match "^%d+"
  local all = process_table()
  local below = "[:/]" .. residue.cgroup_parent():gsub("%p", "%%%0") .. "/"
  for pid, process in pairs(all) do
    local ancestor = process.parent
    while ancestor and ancestor ~= self do ancestor = all[ancestor] and all[ancestor].parent end
    if ancestor == self or (read("/proc/" .. pid .. "/cgroup") or ""):find(below) then
      set[process.text:gsub(" (%a),", function(state) return state == "Z" and " zombie," or "," end)] = true
    end
  end
  return set
end

local function descriptors()
  local set = {}
  local directory = "/proc/self/fd/"
  for _, name in ipairs(names(directory)) do
    local target = lfs.symlinkattributes(directory .. name, "target")
    -- Nothing there any more: the descriptor that names() itself had.
    if target then set["descriptor " .. name .. " to " .. target] = true end
  end
  return set
end

local function loop_devices()
  local set = {}
  for _, name in ipairs(names "/sys/block") do
    local file = name:find "^loop%d+$" and read("/sys/block/" .. name .. "/loop/backing_file")
    if file and not is_of_others(file) then set["loop device " .. name .. " on " .. file:gsub("\n", "")] = true end
  end
  return set
end

local function state()
  local set = {}
  for _, name in ipairs(names(residue.state_directory())) do
    set["state " .. residue.state_directory() .. "/" .. name] = true
  end
  return set
end

local kinds = { mounts, cgroups, processes, descriptors, loop_devices, state }

-- Everything that is there now; to be given to difference() later.
function residue.snapshot()
  local all = {}
  -- Under the collector modes of variant.lua reading all of /proc would take half a minute.
  collectgarbage "stop"
  for _, kind in ipairs(kinds) do
    for text in pairs(kind()) do all[text] = true end
  end
  collectgarbage "restart"
  return all
end

-- What is there now and was not there then, sorted.
function residue.difference(before)
  local new = {}
  for text in pairs(residue.snapshot()) do
    if not before[text] then new[#new + 1] = text end
  end
  table.sort(new)
  return new
end

-- The lines of this process' mount table that name one of these folders, or the state directory: other specs
-- that run at the same time mount and unmount, too.
function residue.mount_lines(...)
  local folders, lines = { residue.state_directory(), ... }, {}
  for line in read "/proc/self/mountinfo":gmatch "[^\n]+" do
    for _, name in ipairs(folders) do
      if line:find(name, 1, true) then
        lines[#lines + 1] = line
        break
      end
    end
  end
  return table.concat(lines, "\n")
end

-- As difference(), but for the dead whom the host's init, which they were left to, has not buried yet.
function residue.living(before)
  local new = {}
  for _, text in ipairs(residue.difference(before)) do
    if not text:find "^process .* zombie, " then new[#new + 1] = text end
  end
  return new
end

return residue
