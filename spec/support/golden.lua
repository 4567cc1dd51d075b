-- Documents as HCS gets them, byte for byte: what Go's encoding/json makes of hcsshim's schema 1 structs. Each file of
-- spec/golden was written by hand from the structs' definitions and checked once with Go itself; it ends with a line
-- feed that is not the document's. Nothing here writes them: who changes what is sent, changes the file.
-- `local golden = require "spec.support.golden"`
local golden = { FOLDER = "spec/golden" }

local BASE = { ID = "18955d65-d45a-557b-bf1c-49d6dfefc526", Path = [[C:\l\base]] }
local VOLUME = [[\\?\Volume{66d1ef4c-0000-0000-0000-00155ddbef9d}]]
local ENDPOINT = "eef2649d-bb17-4d53-9937-295a8efe6f2c"

-- The tables, by file name. The first word of a name says what type of document it is.
golden.documents = {
  container_zero = {},
  container_empty_lists = {
    SystemType = "Container", Name = "c1", Layers = {}, MappedDirectories = {}, MappedPipes = {}, EndpointList = {},
    MappedVirtualDisks = {}, AssignedDevices = {}, Owner = "", ProcessorCount = 0, Servicing = false,
  },
  -- process isolation
  container_argon = {
    SystemType = "Container", Name = "c1", Owner = "hcs", VolumePath = VOLUME, LayerFolderPath = [[C:\l\c1]],
    Layers = { BASE }, HostName = "c1", HvPartition = false, EndpointList = { ENDPOINT },
    MappedDirectories = { { HostPath = [[C:\d]], ContainerPath = [[c:\d]], ReadOnly = true } },
  },
  container_argon_full = {
    AssignedDevices = { { InterfaceClassGuid = "5B45201D-F2F2-4F3B-85BB-30FF1F953599" } },
    TerminateOnLastHandleClosed = true, ContainerType = "Windows", DNSSearchList = "corp.example,example",
    AllowUnqualifiedDNSQuery = true, NetworkSharedContainerName = "pod",
    EndpointList = { ENDPOINT, "5d3ae1b8-2e3f-4f0a-8d9c-6f5bb8d2f001" },
    MappedPipes = { { HostPath = [[\\.\pipe\docker_engine]], ContainerPipeName = "docker_engine" } },
    MappedDirectories = {
      { HostPath = [[C:\d]], ContainerPath = [[c:\d]], BandwidthMaximum = 1 << 20, IOPSMaximum = 100 },
      { HostPath = [[C:\logs]], ContainerPath = [[c:\logs]], ReadOnly = true },
    },
    HostName = "web", MemoryMaximumInMB = 2048, StorageSandboxSize = 40 * 2.0 ^ 30,
    StorageBandwidthMaximum = 100 << 20, StorageIOPSMaximum = 500, ProcessorMaximum = 2500,
    Credentials = '{"CmsPlugins":["ActiveDirectory"]}',
    Layers = { { ID = BASE.ID, Path = [[C:\l\top]] },
      { ID = "90e1dde4-4fd0-5b7d-9a1e-5c1d2c2d8f38", Path = BASE.Path } },
    LayerFolderPath = [[C:\l\c1]], IgnoreFlushesDuringBoot = true, VolumePath = VOLUME, Owner = "docker", Name = "c1",
    SystemType = "Container",
  },
  container_servicing = {
    SystemType = "Container", Name = "s1", Owner = "docker", LayerFolderPath = [[C:\l\s1]], Layers = { BASE },
    Servicing = true,
  },
  -- Hyper-V isolation
  container_xenon = {
    SystemType = "Container", Name = "x1", Owner = "hcs", LayerFolderPath = [[C:\l\x1]], Layers = { BASE },
    ProcessorCount = 2, MemoryMaximumInMB = 1024, HostName = "x1", HvPartition = true, EndpointList = { ENDPOINT },
    HvRuntime = { ImagePath = [[C:\l\base\UtilityVM]], SkipTemplate = true },
    MappedDirectories = { { HostPath = [[C:\d]], ContainerPath = [[c:\d]], ReadOnly = true } },
  },
  -- Linux containers on Windows
  container_lcow = {
    SystemType = "container", ContainerType = "linux", Name = "l1", Owner = "docker", LayerFolderPath = [[C:\l\l1]],
    Layers = { { ID = BASE.ID, Path = [[C:\l\base\layer.vhd]] } }, ProcessorWeight = 5000, HvPartition = true,
    HvRuntime = { ImagePath = [[C:\LCOW]], LinuxKernelFile = "kernel", LinuxInitrdFile = "initrd.img",
      LinuxBootParameters = "" },
    MappedDirectories = { { HostPath = [[C:\d]], ContainerPath = "/tmp/d", ReadOnly = true, CreateInUtilityVM = true,
      LinuxMetadata = true } },
    MappedVirtualDisks = {
      { HostPath = [[C:\x.vhdx]], ContainerPath = "/mnt/x", CreateInUtilityVM = true, ReadOnly = true,
        Cache = "PrivateAllowSharing" },
      { AttachOnly = true },
    },
    TerminateOnLastHandleClosed = true,
  },
  container_lcow_vhd = {
    SystemType = "container", ContainerType = "linux", Name = "l2", HvPartition = true,
    Layers = { { Path = [[C:\l\base\layer.vhd]] } },
    HvRuntime = { ImagePath = [[C:\LCOW]], BootSource = "Vhd", WritableBootSource = true,
      LinuxBootParameters = "root=/dev/pmem0 init=/init" },
  },
  container_escapes = {
    SystemType = "Container", Name = [[<a> & "b" 'c' /d\e]], Owner = "tab\tline\nreturn\r\1\31\127",
    LayerFolderPath = "C:\\größe\\日本\\\u{1F600}", HostName = "\u{2028}\u{2029}\u{202a}", EndpointList = { "<" },
    HvRuntime = {},
  },

  process_zero = {},
  process_windows = {
    CommandLine = "cmd /c ver", WorkingDirectory = [[C:\]], CreateStdInPipe = true, CreateStdOutPipe = true,
    CreateStdErrPipe = true,
  },
  process_windows_full = {
    ApplicationName = [[C:\Windows\System32\cmd.exe]], CommandLine = [[cmd /s /c "echo "a b" > c:\x 2>&1"]],
    User = "ContainerAdministrator", WorkingDirectory = [[C:\Program Files]], CreateStdOutPipe = true,
    Environment = { lower = "1", ["ÄÖ"] = "ü", Path = [[C:\a;C:\b]], EMPTY = "", ["=C:"] = [[C:\x]] },
  },
  process_console = {
    CommandLine = "powershell", User = "ContainerUser", EmulateConsole = true, ConsoleSize = { 40, 120 },
    CreateStdInPipe = true, CreateStdOutPipe = true,
  },
  process_lcow = {
    "sh", "-c", [[echo <"a  b">]], "", User = "1000:1000", WorkingDirectory = "/",
    Environment = { PATH = "/usr/bin:/bin", HOME = "/root" }, CreateStdInPipe = true, CreateStdOutPipe = true,
    CreateStdErrPipe = true,
  },
  -- Raw JSON to Go, which leaves its order alone; out of a Lua table it is sorted.
  process_lcow_init = {
    CreateStdInPipe = true, CreateStdOutPipe = true, CreateStdErrPipe = true,
    OCISpecification = {
      ociVersion = "1.0.1", root = { path = "rootfs", readonly = false },
      process = { terminal = false, user = { uid = 0, gid = 0 }, args = { "sh", "-c", "a && b" }, cwd = "/" },
      linux = { namespaces = { { type = "pid" }, { type = "mount" } } },
    },
  },
  process_utility_vm = { "/bin/gcs-tool", CreateInUtilityVm = true, CreateStdOutPipe = true },

  enumerate_all = {},
  enumerate = { Owners = { "docker", "hcs" }, Names = { "web" }, Types = { "Container" }, Ids = { "c1", "c2" } },
  properties_basic = { PropertyTypes = {} },
  properties_statistics = { PropertyTypes = { "Statistics" } },
  properties_all = { PropertyTypes = { "Statistics", "ProcessList", "MappedVirtualDisk", "GuestConnection" } },

  modify_zero = {},
  modify_network_add = { ResourceType = "Network", RequestType = "Add", Settings = ENDPOINT },
  modify_network_remove = { ResourceType = "Network", RequestType = "Remove", Settings = ENDPOINT },
  -- Settings are an interface{} to Go: as a map their names are sorted.
  modify_disk_add = {
    ResourceType = "MappedVirtualDisk", RequestType = "Add",
    Settings = { HostPath = [[C:\x.vhdx]], ContainerPath = "/mnt/x", CreateInUtilityVM = true },
  },
}

local TYPES = {
  container = "ContainerConfig", process = "ProcessConfig", enumerate = "ComputeSystemQuery",
  properties = "PropertyQuery", modify = "ResourceModificationRequestResponse",
}

-- The bytes of the document.
function golden.text(name)
  local file = assert(io.open(("%s/%s.json"):format(golden.FOLDER, name), "rb"))
  local text = file:read "a"
  file:close()
  return assert(text:match "^(.*)\n$", name .. ": no line feed at its end")
end

function golden.type(name)
  return TYPES[name:match "^%a+"]
end

-- The names that begin so, sorted.
function golden.names(prefix)
  local names = {}
  for name in pairs(golden.documents) do
    if name:find("^" .. prefix) then names[#names + 1] = name end
  end
  table.sort(names)
  return names
end

return golden
