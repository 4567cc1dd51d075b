-- Disk images for specs: file systems, fixed VHDs, and the loop devices that hold them.
-- `local image = require "spec.support.linux.image"`
local lfs = require "lfs"
local support = require "spec.support.linux"

local image = {}

-- By the kernel's name: how an image at $image is made out of the folder $folder, and whether it can be written.
-- The sizes are what the programs ask for at least; the files are sparse.
image.file_systems = {
  ext4 = { make = "truncate -s 20M $image && mkfs.ext4 -q -d $folder $image", writable = true },
  xfs = { make = "truncate -s 320M $image && mkfs.xfs -q -p $folder.proto $image", writable = true },
  btrfs = { make = "truncate -s 128M $image && mkfs.btrfs -q -r $folder $image", writable = true },
  squashfs = { make = "mksquashfs $folder $image -quiet -no-progress >/dev/null" },
  erofs = { make = "mkfs.erofs --quiet $image $folder 2>/dev/null" },
}

-- mkfs.xfs fills a file system from a description: the names in a folder, each a file of mode 644.
local function xfs_prototype(folder)
  local lines = { "boot", "0 0", "d--755 0 0" }
  for name in lfs.dir(folder) do
    if name ~= "." and name ~= ".." then
      lines[#lines + 1] = ("%s ---644 0 0 %s/%s"):format(name, folder, name)
    end
  end
  lines[#lines + 1] = "$\n"
  support.write_file(folder .. ".proto", table.concat(lines, "\n"))
end

-- Makes an image of the file system `kind` at `path` with the files of `folder` in it; the path.
function image.make(kind, path, folder)
  if kind == "xfs" then xfs_prototype(folder) end
  support.shell((image.file_systems[kind].make:gsub("%$(%l+)", { image = path, folder = folder })))
  return path
end

-- Does this kernel know the file system?
function image.is_known(kind)
  os.execute(("modprobe -q %s 2>/dev/null"):format(kind))
  return support.read_file "/proc/filesystems":find("%s" .. kind .. "\n") ~= nil
end

-- A VHD's footer ([MS-VHD]) of the type (2: fixed, 3: dynamic) and size in bytes.
function image.vhd_footer(kind, size)
  local head = string.pack(">c8I4I4i8I4c4I4c4I8I8I4I4", "conectix", 2, 0x10000, -1, 0, "hcs ", 0x10000, "Wi2k",
    size, size, 0, kind)
  local tail = ("\0"):rep(512 - #head - 4)
  local sum = 0
  for byte in (head .. tail):gmatch "." do sum = sum + byte:byte() end
  return head .. string.pack(">I4", ~sum & 0xffffffff) .. tail
end

-- The loop devices that hold a file below `folder`: their names.
function image.attached(folder)
  local list = {}
  for name in lfs.dir "/sys/block" do
    local file = name:find "^loop" and io.open("/sys/block/" .. name .. "/loop/backing_file")
    if file then
      -- Nothing, if it lets go of the file just now.
      if (file:read "a" or ""):find(folder .. "/", 1, true) == 1 then list[#list + 1] = name end
      file:close()
    end
  end
  return list
end

return image
