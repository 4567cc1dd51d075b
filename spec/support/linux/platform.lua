-- What spec.support asks of Linux.
local lfs = require "lfs"
local residue = require "spec.support.linux.residue"
local shell = require "spec.support.linux.shell"

local platform = { ROOT = "", PUPPET = "puppet", KILLED = 137, KILL_SIGNAL = "KILL" }

-- The folder of the base layer, made when it is missing.
function platform.layer()
  local layer = os.getenv "HCS_BASE_LAYER" or "/var/lib/hcs/layers/busybox"
  if not lfs.attributes(layer .. "/bin/busybox") then shell.run "scripts/make-base-layer" end
  return layer
end

local build = os.getenv "HCS_BUILD" or lfs.currentdir() .. "/build"

function platform.config()
  return { Layers = { { Path = build .. "/test/layer" }, { Path = platform.layer() } } }
end

-- `template` is mktemp's.
function platform.temporary_folder(template)
  local folder = shell.run("mktemp -d " .. shell.quote(template or "/tmp/hcs-spec.XXXXXX")):gsub("\n", "")
  residue.folders[folder] = true
  return folder
end

function platform.remove(folder)
  assert(folder:find "^/tmp/.", "only below /tmp")
  shell.run("rm -rf --one-file-system " .. shell.quote(folder))
end

platform.snapshot, platform.difference, platform.living = residue.snapshot, residue.difference, residue.living

return platform
