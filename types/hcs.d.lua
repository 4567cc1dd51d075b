---@meta hcs
-- LuaCATS annotations of everything public. spec/types_spec.lua holds them against the live module, both ways.
--
-- A fallible call returns its result, or nil and an hcs.error. Times are seconds; nil and math.huge are for ever.
-- "Not on Linux yet": the call, or a config with the field, is NotSupported there.

---Containers with the API of Windows' Host Compute Service.
---@class hcs
---@field _VERSION string version text
---@field backend "linux"|"windows" what runs the containers
local hcs = {}

---A created, not started container.
---@param id string? 1 to 64 of `A-Z a-z 0-9 _ . -`, beginning with a letter or digit; nil makes a new unique one
---@param config hcs.ContainerConfig
---@return hcs.container? container
---@return hcs.error? err
function hcs.create_container(id, config) end

---Another handle on an existing container, from any process.
---@param id string
---@return hcs.container? container
---@return hcs.error? err
function hcs.open_container(id) end

---The containers that a query matches, sorted by id: OR within a list, AND between lists. Opens no handle.
---@param query hcs.ComputeSystemQuery?
---@param types hcs.PropertyType[]? what is not asked for is zero or empty
---@return hcs.ContainerProperties[]? containers
---@return hcs.error? err
function hcs.get_containers(query, types) end

---Waits until one of the objects is ready: stopped; exited; bytes or the end to read; stdin takes bytes or its
---reader is gone. What has ended stays ready. An empty list sleeps, and raises without a timeout.
---@param objects (hcs.container|hcs.process|hcs.stream|hcs.pollable)[]
---@param timeout number?
---@return table? ready the very objects, in their order; empty after the timeout
---@return hcs.error? err
function hcs.poll(objects, timeout) end

---Removes what dead containers left behind. Good at the start of a test run.
---@return integer? cleaned number of containers
---@return hcs.error? err
function hcs.gc() end

---@param value any
---@return "container"|"process"|"stream"|"error"|"closed container"|"closed process"|"closed stream"|nil
function hcs.type(value) end

---The JSON text that HCS receives for a document, checked against the schema only.
---@param type_name hcs.DocumentType
---@param value table
---@return string? json
---@return hcs.error? err
function hcs.document(type_name, value) end

---No container, or no process, has that id.
---@param err any
---@return boolean
function hcs.is_not_exist(err) end

---The container's id is taken.
---@param err any
---@return boolean
function hcs.is_already_exists(err) end

---The handle is closed.
---@param err any
---@return boolean
function hcs.is_already_closed(err) end

---The request was accepted and goes on in the background.
---@param err any
---@return boolean
function hcs.is_pending(err) end

---@param err any
---@return boolean
function hcs.is_timeout(err) end

---The container or process has ended before.
---@param err any
---@return boolean
function hcs.is_already_stopped(err) end

---@param err any
---@return boolean
function hcs.is_not_supported(err) end

---The container is in a state in which that cannot be done.
---@param err any
---@return boolean
function hcs.is_operation_invalid_state(err) end

---@param err any
---@return boolean
function hcs.is_access_denied(err) end

-- ---- containers ------------------------------------------------------------------------------------------------

---A handle on a container; to be closed with `<close>` or close().
---@class hcs.container
local container = {}

---@return string
function container:id() end

---@return "Created"|"Running"|"Paused"|"Stopped"|nil state
---@return hcs.error? err
function container:state() end

---@return true? started
---@return hcs.error? err
function container:start() end

---Asks every process to end (SIGTERM on Linux); the container ends when the last has. wait() tells.
---@return true? accepted
---@return hcs.error? err
function container:shutdown() end

---Ends every process by force. wait() tells when it is done.
---@return true? accepted
---@return hcs.error? err
function container:terminate() end

---shutdown, wait, terminate, wait.
---@param timeout number? how long shutdown may take; 10 s if not said
---@return true? gone
---@return hcs.error? err
function container:stop(timeout) end

---Waits for the end: true after a graceful or forced one, an error (0xC0370106) after an unexpected one.
---@param timeout number?
---@return true? ended
---@return hcs.error? err
function container:wait(timeout) end

---Every process stands still when it returns. Timeout when one cannot be stopped: then all go on.
---@return true? paused
---@return hcs.error? err
function container:pause() end

---Lets them go on, whoever has paused them.
---@return true? resumed
---@return hcs.error? err
function container:resume() end

---@return false
function container:has_pending_updates() end

---@param types hcs.PropertyType[]? what is not asked for is zero or empty
---@return hcs.ContainerProperties? properties
---@return hcs.error? err
function container:properties(types) end

---What its processes have used, ended ones too. Zeros before start.
---@return hcs.Statistics? statistics
---@return hcs.error? err
function container:statistics() end

---Its processes, PID 1 not among them. Empty before start.
---@return hcs.ProcessListItem[]? processes
---@return hcs.error? err
function container:process_list() end

---Its disks by controller (0 alone on Linux) and number. Empty without disks.
---@return table<integer, hcs.MappedVirtualDiskController>? controllers
---@return hcs.error? err
function container:mapped_virtual_disks() end

---Changes a running container: done when it returns, and left as it was when it fails.
---@param request hcs.ResourceModificationRequestResponse
---@return true? modified
---@return hcs.error? err
function container:modify(request) end

---@param command string|hcs.ProcessConfig a CommandLine, or a ProcessConfig whose array part is its CommandArgs
---@param options nil there are none here, run has some: anything raises
---@return hcs.process? process
---@return hcs.error? err
function container:create_process(command, options) end

---Another handle on a process of the container.
---@param pid integer inside the container
---@return hcs.process? process
---@return hcs.error? err
function container:open_process(pid) end

---Runs a command to its end: feeds it, drains both outputs at once, waits.
---@param command string|hcs.ProcessConfig
---@param options hcs.run_options?
---@return hcs.run_result? result
---@return hcs.error? err with stdout and stderr if the process had started
function container:run(command, options) end

---The content of a regular file, 64 MiB at most. The path is resolved inside the container's root, from `/` on. Not in
---a paused container. The host reads it itself: this works before `start`, and without any program in the image.
---@param path string
---@return string? content
---@return hcs.error? err NotSupported on Windows
function container:read_file(path) end

---Makes `data` the content of a file. A new one appears complete or not at all; one that exists is written in place,
---and stays as it was if there is no room for the new content. Its directory must be there.
---@param path string
---@param data string
---@param options hcs.write_file_options?
---@return true? ok
---@return hcs.error? err NotSupported on Windows
function container:write_file(path, data, options) end

---Ends the handle; the container only as TerminateOnLastHandleClosed says. May be repeated.
---@return true? closed
---@return hcs.error? err
function container:close() end

---A descriptor that becomes readable at the end of the container and stays so; NotSupported on Windows. Never read or
---close it.
---@return integer? descriptor
---@return hcs.error? err NotSupported on Windows
function container:pollfd() end

---@return "r"? events
---@return hcs.error? err
function container:events() end

---@return nil
---@return hcs.error? err
function container:timeout() end

---@class (exact) hcs.run_options
---@field input? string what the process reads on stdin; without it stdin is at its end
---@field timeout? number after which its process group is killed
---@field check? boolean a non-zero exit is an error (ProcessFailed)
---@field max_output? number bytes of stdout, and of stderr; 64 MiB if not said

---@class (exact) hcs.run_result
---@field exit_code integer
---@field stdout string
---@field stderr string
---@field signal? string "KILL", …: only if one ended it

---@class (exact) hcs.write_file_options
---@field mode? integer permission bits, tonumber("600", 8): a new file's are 644 if not said, another keeps its own
---@field user? string as in ProcessConfig: a new file is root's (0:0) if not said, another keeps its owner

-- ---- processes -------------------------------------------------------------------------------------------------

---A handle on a process. It works on after its container handle is closed.
---@class hcs.process
local process = {}

---@return integer pid inside the container
function process:pid() end

---@return true? delivered
---@return hcs.error? err
function process:kill() end

---@param signal string|integer "TERM", "SIGTERM" or 15
---@return true? sent
---@return hcs.error? err
function process:signal(signal) end

---@param timeout number?
---@return integer|true|nil exit_code 128+n after signal n; true if the process was not started by create_process
---@return hcs.error? err
function process:wait(timeout) end

---@return integer? exit_code
---@return hcs.error? err InvalidProcessState before the end
function process:exit_code() end

---@return string? signal "KILL", …; nil alone if it exited by itself; before the end nil and
---@return hcs.error? err InvalidProcessState
function process:exit_signal() end

---Changes the size of the process' console, whoever has made it.
---@param width integer characters, 0 to 65535; 0: 80
---@param height integer lines; 0: 25
---@return true? resized
---@return hcs.error? err 0x490 without a console
function process:resize_console(width, height) end

---Joins the program's terminal, which is its standard input, to the process' console until the process exits: raw mode,
---size followed, terminal restored whatever happens.
---@return integer? exit_code
---@return hcs.error? err InvalidParameter without a terminal, 0x490 without a console; NotSupported on Windows
function process:interact() end

---@return hcs.stream? stdin
---@return hcs.error? err 0x490 without CreateStdInPipe
function process:stdin() end

---@return hcs.stream? stdout
---@return hcs.error? err 0x490 without CreateStdOutPipe
function process:stdout() end

---@return hcs.stream? stderr
---@return hcs.error? err 0x490 without CreateStdErrPipe
function process:stderr() end

---New stream objects on the pipes, nil where not asked for.
---@return hcs.stream? stdin
---@return hcs.stream? stdout
---@return hcs.stream? stderr
---@return hcs.error? err
function process:stdio() end

---The process sees end-of-file at once, whatever streams are open; a console gets its end-of-file character.
---@return true? closed
---@return hcs.error? err
function process:close_stdin() end

---Feeds the process, drains both outputs at once, waits for its end.
---@param options hcs.communicate_options?
---@return hcs.run_result? result
---@return hcs.error? err with stdout and stderr
function process:communicate(options) end

---Ends the handle, not the process; streams live on. May be repeated.
---@return true? closed
---@return hcs.error? err
function process:close() end

---A descriptor that becomes readable at the end of the process and stays so; NotSupported on Windows. Never read or
---close it.
---@return integer? descriptor
---@return hcs.error? err NotSupported on Windows
function process:pollfd() end

---@return "r"? events
---@return hcs.error? err
function process:events() end

---@return nil
---@return hcs.error? err
function process:timeout() end

---@class (exact) hcs.communicate_options
---@field input? string
---@field timeout? number

-- ---- streams ---------------------------------------------------------------------------------------------------

---One end of a standard stream, with the methods of Lua's files.
---@class hcs.stream
local stream = {}

---@param ... "n"|"a"|"l"|"L"|integer
---@return string|number|nil value one for each format; nil at the end
---@return any ... more values, or the error after a nil
function stream:read(...) end

---Raises what fails.
---@param ... "n"|"a"|"l"|"L"|integer
---@return fun(): any ...
function stream:lines(...) end

---What is there, at least one byte.
---@param timeout number?
---@return string? bytes nil alone at the end
---@return hcs.error? err
function stream:read_some(timeout) end

---Returns when the bytes are in the pipe.
---@param ... string|number
---@return hcs.stream? stream itself
---@return hcs.error? err
function stream:write(...) end

---@param data string|number
---@param timeout number?
---@return integer? count bytes taken, at least one
---@return hcs.error? err
function stream:write_some(data, timeout) end

---@return true? flushed
---@return hcs.error? err
function stream:flush() end

---When the last stdin stream is closed the process sees end-of-file. Closing stdout stops no process. May be repeated.
---@return true? closed
---@return hcs.error? err
function stream:close() end

---The pipe's own non-blocking descriptor; NotSupported on Windows. Never read or close it.
---@return integer? descriptor
---@return hcs.error? err NotSupported on Windows
function stream:pollfd() end

---@return "r"|"w"|nil events
---@return hcs.error? err
function stream:events() end

---@return 0|nil timeout 0 while bytes are buffered
---@return hcs.error? err
function stream:timeout() end

---What hcs.poll takes besides our own objects: cqueues' protocol.
---@class hcs.pollable
---@field pollfd fun(self: any): integer?
---@field events? fun(self: any): string?
---@field timeout? fun(self: any): number?

-- ---- errors ----------------------------------------------------------------------------------------------------

---What failed. Read-only; tostring() and `..` give hcsshim's text.
---@class hcs.error
---@field name string hcsshim's name without "Err": "Timeout", "AlreadyClosed", …; or the code as "0x…"
---@field code integer? the 32-bit code
---@field message string what failed, on what, and what to do about it
---@field operation string? "hcs::System::Start"
---@field id string? the container
---@field pid integer? the process
---@field errno string? "ENOENT", where the cause was a system call
---@field events hcs.ErrorEvent[] may be empty
---@field exit_code integer? of run with `check`
---@field signal string? of run with `check`
---@field stdout string? of run and communicate
---@field stderr string? of run and communicate
---@operator concat(any): string

-- ---- documents -------------------------------------------------------------------------------------------------
-- In the exact spelling of schema 1. What is sent may leave fields out; what comes back is complete.

---@alias hcs.DocumentType
---| "ContainerConfig"
---| "ProcessConfig"
---| "ComputeSystemQuery"
---| "PropertyQuery"
---| "ResourceModificationRequestResponse"

---PendingUpdates and GuestConnection have nothing to tell on Linux.
---@alias hcs.PropertyType "Statistics"|"ProcessList"|"MappedVirtualDisk"|"PendingUpdates"|"GuestConnection"

---@class (exact) hcs.ContainerConfig
---@field SystemType? string "Container" if not said
---@field Name? string the id if not said
---@field Owner? string who manages it; queries find it
---@field VolumePath? string a prepared root directory, instead of Layers
---@field IgnoreFlushesDuringBoot? boolean scratch is mounted volatile
---@field LayerFolderPath? string scratch folder; without it a tmpfs
---@field Layers? hcs.Layer[] read-only directories, topmost first
---@field Credentials? string Windows only
---@field ProcessorCount? integer at most one of the three Processor… fields
---@field ProcessorWeight? integer 1 to 10000
---@field ProcessorMaximum? integer 1/100 % of the host
---@field StorageIOPSMaximum? integer operations a second
---@field StorageBandwidthMaximum? integer bytes a second
---@field StorageSandboxSize? integer bytes that the scratch holds
---@field MemoryMaximumInMB? integer hard limit, swap included
---@field HostName? string the id if not said
---@field MappedDirectories? hcs.MappedDir[] directories of the host
---@field MappedPipes? hcs.MappedPipe[] unix sockets and FIFOs of the host
---@field HvPartition? boolean Windows only
---@field NetworkSharedContainerName? string a container's id, or the path of a network namespace
---@field EndpointList? string[] Windows only
---@field HvRuntime? hcs.HvRuntime Windows only
---@field Servicing? boolean Windows only
---@field AllowUnqualifiedDNSQuery? boolean names without a dot are asked for as they are, too
---@field DNSSearchList? string domain names, separated by commas
---@field ContainerType? string "Linux"
---@field TerminateOnLastHandleClosed? boolean end with the last container handle
---@field MappedVirtualDisks? hcs.MappedVirtualDisk[] disk images, mounted or as block devices
---@field AssignedDevices? hcs.AssignedDevice[] devices of the host

---@class (exact) hcs.Layer
---@field ID? string
---@field Path? string

---@class (exact) hcs.MappedDir
---@field HostPath? string an absolute path
---@field ContainerPath? string an absolute path; made when it is missing
---@field ReadOnly? boolean also what is mounted below it
---@field BandwidthMaximum? integer Windows only
---@field IOPSMaximum? integer Windows only
---@field CreateInUtilityVM? boolean Windows only
---@field LinuxMetadata? boolean Windows only

---@class (exact) hcs.MappedPipe
---@field HostPath? string an absolute path
---@field ContainerPipeName? string an absolute path, or a name in /run/pipe

---@class (exact) hcs.MappedVirtualDisk
---@field HostPath? string a disk image, an absolute path
---@field ContainerPath? string an absolute path; made when it is missing
---@field CreateInUtilityVM? boolean Windows only
---@field ReadOnly? boolean
---@field Cache? string Windows only
---@field AttachOnly? boolean the block device alone

---@class (exact) hcs.AssignedDevice
---@field InterfaceClassGuid? string on Linux the path of a device, /dev/kvm

---@class (exact) hcs.HvRuntime
---@field ImagePath? string
---@field SkipTemplate? boolean
---@field LinuxInitrdFile? string
---@field LinuxKernelFile? string
---@field LinuxBootParameters? string
---@field BootSource? string
---@field WritableBootSource? boolean

---@class (exact) hcs.ProcessConfig
---@field [integer] string CommandArgs
---@field ApplicationName? string the file to execute, instead of the command's first word
---@field CommandLine? string split by shell quoting, nothing is expanded
---@field CommandArgs? string[] the argument vector; also the array part of the table
---@field User? string "name", "uid", "name:group" or "uid:gid"; "0:0" if not said
---@field WorkingDirectory? string "/" if not said
---@field Environment? table<string, string> added variables
---@field EmulateConsole? boolean a pseudo terminal; implies the stdin and stdout pipes
---@field CreateStdInPipe? boolean
---@field CreateStdOutPipe? boolean
---@field CreateStdErrPipe? boolean
---@field ConsoleSize? integer[] height, width; 0: 25, 80
---@field CreateInUtilityVm? boolean Windows only
---@field OCISpecification? any Windows only

---@class (exact) hcs.ComputeSystemQuery
---@field Ids? string[]
---@field Types? string[]
---@field Names? string[]
---@field Owners? string[]

---@class (exact) hcs.PropertyQuery
---@field PropertyTypes? hcs.PropertyType[]

---@class (exact) hcs.ResourceModificationRequestResponse
---@field ResourceType? string "Memory", "Processor", "Storage"; "MappedDirectory", "MappedPipe", "MappedVirtualDisk"
---@field Settings? any hcs.MemorySettings and the like; an hcs.MappedDir, hcs.MappedPipe or hcs.MappedVirtualDisk
---@field RequestType? string "Update"; "Add" or "Remove" of what is mapped

---@class (exact) hcs.MemorySettings
---@field MemoryMaximumInMB? integer 0: no limit

---@class (exact) hcs.ProcessorSettings
---@field ProcessorCount? integer at most one of the three says something; the others' limits go
---@field ProcessorWeight? integer 1 to 10000
---@field ProcessorMaximum? integer 1/100 % of the host

---@class (exact) hcs.StorageSettings
---@field StorageIOPSMaximum? integer 0: no limit; what is not mentioned stays
---@field StorageBandwidthMaximum? integer bytes a second

---@class (exact) hcs.ContainerProperties
---@field Id string
---@field State string
---@field Name string
---@field SystemType string
---@field RuntimeOsType string
---@field Owner string
---@field SiloGuid string
---@field RuntimeId string
---@field IsRuntimeTemplate boolean
---@field RuntimeImagePath string
---@field Stopped boolean
---@field ExitType string "GracefulExit", "ForcedExit" or "UnexpectedExit"
---@field AreUpdatesPending boolean
---@field ObRoot string
---@field Statistics hcs.Statistics
---@field ProcessList hcs.ProcessListItem[]
---@field MappedVirtualDiskControllers table<integer, hcs.MappedVirtualDiskController>
---@field GuestConnectionInfo hcs.GuestConnectionInfo
---@field Events hcs.ErrorEvent[] what happened: EventId 1 out of memory, 2 storage limits that hold for direct I/O only

---Times are RFC 3339 in UTC with seven digits. But for memory, numbers only grow.
---@class (exact) hcs.Statistics
---@field Timestamp string now
---@field ContainerStartTime string when start was done
---@field Uptime100ns integer 100 ns since then, the host's sleep included
---@field Memory hcs.MemoryStats
---@field Processor hcs.ProcessorStats
---@field Storage hcs.StorageStats
---@field Network hcs.NetworkStats[] one for each interface but loopback

---@class (exact) hcs.MemoryStats
---@field MemoryUsageCommitBytes integer bytes charged to it, cached files too (memory.current, usage_in_bytes)
---@field MemoryUsageCommitPeakBytes integer the most that this was (memory.peak, max_usage_in_bytes)
---@field MemoryUsagePrivateWorkingSetBytes integer bytes of it that belong to no file (memory.stat: anon, total_rss)

---@class (exact) hcs.ProcessorStats
---@field TotalRuntime100ns integer 100 ns of processor time (cpu.stat, cpuacct.usage)
---@field RuntimeUser100ns integer 100 ns
---@field RuntimeKernel100ns integer 100 ns

---What arrived at disks (io.stat, blkio.throttle.io_serviced and io_service_bytes).
---@class (exact) hcs.StorageStats
---@field ReadCountNormalized integer requests of any size
---@field ReadSizeBytes integer bytes
---@field WriteCountNormalized integer requests of any size
---@field WriteSizeBytes integer bytes

---An interface of the container's network (/proc/<guest>/net/dev).
---@class (exact) hcs.NetworkStats
---@field BytesReceived integer
---@field BytesSent integer
---@field PacketsReceived integer
---@field PacketsSent integer
---@field DroppedPacketsIncoming integer
---@field DroppedPacketsOutgoing integer
---@field EndpointId string the interface's name
---@field InstanceId string "" on Linux

---A process (/proc/<pid>/stat and status).
---@class (exact) hcs.ProcessListItem
---@field CreateTimestamp string to 1/100 s
---@field ImageName string what ps shows: 15 bytes at most
---@field KernelTime100ns integer 100 ns, in steps of 1/100 s
---@field UserTime100ns integer 100 ns, in steps of 1/100 s
---@field MemoryCommitBytes integer bytes that it may write, its own (VmData, VmStk)
---@field MemoryWorkingSetPrivateBytes integer bytes of it in memory (RssAnon)
---@field MemoryWorkingSetSharedBytes integer bytes in memory that it may share (RssFile, RssShmem)
---@field ProcessId integer inside the container

---@class (exact) hcs.MappedVirtualDiskController
---@field MappedVirtualDisks table<integer, hcs.MappedVirtualDisk>

---@class (exact) hcs.GuestConnectionInfo
---@field SupportedSchemaVersions hcs.Version[]
---@field ProtocolVersion integer
---@field GuestDefinedCapabilities hcs.GuestDefinedCapabilities

---@class (exact) hcs.GuestDefinedCapabilities
---@field NamespaceAddRequestSupported boolean
---@field SignalProcessSupported boolean
---@field DumpStacksSupported boolean
---@field DeleteContainerStateSupported boolean
---@field UpdateContainerSupported boolean
---@field LogForwardingSupported boolean
---@field HostProcessContainerSupported boolean

---@class (exact) hcs.Version
---@field Major integer
---@field Minor integer

---@class (exact) hcs.ErrorEvent
---@field Message string
---@field StackTrace string
---@field Provider string
---@field EventId integer
---@field Flags integer
---@field Source string

return hcs
