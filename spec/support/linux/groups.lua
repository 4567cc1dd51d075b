-- A container's control groups as the host sees them, on any layout.
-- `local groups = require "spec.support.linux.groups"`
local lfs = require "lfs"
local residue = require "spec.support.linux.residue"

local groups = {}

local root = "/sys/fs/cgroup"

local function mounted(kind)
  local points = {}
  for line in io.lines "/proc/self/mountinfo" do
    local point, found = line:match "^%d+ %d+ %S+ %S+ (%S+).* %- (%S+)"
    if found == kind then points[point] = true end
  end
  return points
end

-- "v1", "hybrid" or "v2".
function groups.layout()
  local unified = mounted "cgroup2"
  if unified[root] then return "v2" end
  return unified[root .. "/unified"] and "hybrid" or "v1"
end

-- Where a controller ("memory", "cpu", "blkio", …; "unified" is the v2 tree) is mounted.
function groups.tree(controller)
  return groups.layout() == "v2" and root or root .. "/" .. controller
end

-- The directory of a container's group: its `part` is "work" if not said, "guest" or "" (its own).
function groups.path(container, controller, part)
  local parent = groups.tree(controller) .. residue.cgroup_parent()
  local prefix = "c-" .. container:id() .. "-"
  for name in lfs.dir(parent) do
    if name:sub(1, #prefix) == prefix and #name == #prefix + 16 then
      return parent .. "/" .. name .. (part == "" and "" or "/" .. (part or "work"))
    end
  end
  error("no group of " .. container:id() .. " in " .. parent)
end

-- The directories of all groups that a container has of its own, one for each hierarchy that is mounted.
function groups.directories(container)
  local found = {}
  for _, kind in ipairs { "cgroup", "cgroup2" } do
    for point in pairs(mounted(kind)) do
      local parent = point .. residue.cgroup_parent()
      if lfs.attributes(parent) then
        for name in lfs.dir(parent) do
          if name:find("c-" .. container:id() .. "-", 1, true) == 1 then found[#found + 1] = parent .. "/" .. name end
        end
      end
    end
  end
  return found
end

-- Stops all processes of a container, as nobody but an administrator would, or lets them go on.
function groups.freeze(container, on)
  if groups.layout() == "v1" then
    groups.write(container, "freezer", "freezer.state", on and "FROZEN" or "THAWED")
  else
    groups.write(container, "unified", "cgroup.freeze", on and "1" or "0")
  end
end

-- A control file's text without its last line end.
function groups.read(container, controller, file, part)
  local handle = assert(io.open(groups.path(container, controller, part) .. "/" .. file))
  local text = handle:read "a"
  handle:close()
  return (text:gsub("\n$", ""))
end

function groups.write(container, controller, file, text, part)
  local handle = assert(io.open(groups.path(container, controller, part) .. "/" .. file, "w"))
  assert(handle:write(text))
  assert(handle:close())
end

return groups
