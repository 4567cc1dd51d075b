-- A disk of its own for a spec: a file system in an image file, mounted on the host through a loop device. What
-- needs a block device (limits of storage) has one on every machine. `local disk = require "spec.support.linux.disk"`
local disk = {}

local function shell(command)
  return require "spec.support.linux".shell(command)
end

local class = {}
class.__index = class

-- `folder` is where it is mounted, `device` its "major:minor"; remove it with :remove().
function disk.new(megabytes, kind)
  local home = require "spec.support.linux".temporary_folder()
  shell(([[
    cd %s && mkdir mounted && truncate -s %dM image && mkfs.%s -q image && mount -o loop image mounted
  ]]):format(home, megabytes, kind or "ext4"))
  local folder = home .. "/mounted"
  local numbers = shell("mountpoint -d " .. folder):gsub("\n", "")
  return setmetatable({ home = home, folder = folder, device = numbers }, class)
end

function class:remove()
  shell("umount " .. self.folder)
  require "spec.support.linux".remove(self.home)
end

return disk
