-- What spec.support asks of Windows: its own Host Compute Service, or the tests' stand-in for it, which also tells
-- what was left open (test/windows/standin/standin.h).
local lfs = require "lfs"
local standin = os.getenv "HCS_TEST_SERVICE" == "standin" and require "spec.support.windows.standin"

-- An exit code of 1067 (ERROR_PROCESS_ABORTED) is what a Windows container's process has that was killed.
local platform = { ROOT = "..\\", KILLED = 1067, KILL_SIGNAL = nil }

local layer = lfs.currentdir() .. "\\layer"

if standin then
  -- Commands are looked for in the layers. Hyper-V isolated, because others cannot be paused.
  platform.PUPPET = "puppet"
  function platform.config()
    return { SystemType = "Container", Layers = { { ID = "18955d65-d45a-557b-bf1c-49d6dfefc526", Path = layer } },
      HvPartition = true }
  end
else
  -- HCS_TEST_CONFIG names a Lua file that returns a function; each call of that gives a ContainerConfig that works
  -- on this machine, with a scratch folder of its own.
  local new_config
  platform.PUPPET = [[C:\puppet\puppet.exe]]
  function platform.config()
    new_config = new_config or assert(loadfile(os.getenv "HCS_TEST_CONFIG" or "config.lua"))()
    local config = new_config()
    local directories = config.MappedDirectories or {}
    config.MappedDirectories = directories
    directories[#directories + 1] = { HostPath = layer, ContainerPath = [[C:\puppet]], ReadOnly = true }
    return config
  end
end

-- ---- folders ---------------------------------------------------------------------------------------------------

local count = 0

function platform.temporary_folder()
  local folder
  repeat
    count = count + 1
    folder = ("%s\\hcs-spec.%x.%d"):format(os.getenv "TEMP", os.time(), count)
  until lfs.mkdir(folder)
  return folder
end

function platform.remove(path)
  if lfs.symlinkattributes(path, "mode") ~= "directory" then return assert(os.remove(path)) end
  for name in lfs.dir(path) do
    if name ~= "." and name ~= ".." then platform.remove(path .. "\\" .. name) end
  end
  assert(lfs.rmdir(path))
end

-- ---- what is left ----------------------------------------------------------------------------------------------

-- Texts as keys, each a number behind it: there may be several alike.
local function add(set, text)
  local number = 1
  while set[("%s (%d)"):format(text, number)] do number = number + 1 end
  set[("%s (%d)"):format(text, number)] = true
end

function platform.snapshot()
  local set = {}
  if not standin then return set end
  local report = standin.report()
  for _, handle in ipairs(report.Handles) do
    add(set, ("handle: %s of %s, from %s"):format(handle.Kind, handle.Id, handle.From))
  end
  for _, pipe in ipairs(report.Pipes) do add(set, "pipe: " .. pipe) end
  for _, string in ipairs(report.Strings ~= standin.null and report.Strings or {}) do
    add(set, ("string of %s: %s"):format(string.From, string.Text:sub(1, 200)))
  end
  for _, system in ipairs(report.Systems) do add(set, "container: " .. system.Id) end
  for _, complaint in ipairs(report.Complaints) do add(set, "complaint: " .. complaint) end
  return set
end

function platform.difference(before)
  local new = {}
  for text in pairs(platform.snapshot()) do
    if not before[text] then new[#new + 1] = text end
  end
  table.sort(new)
  return new
end

platform.living = platform.difference

return platform
