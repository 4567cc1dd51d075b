-- What a process in a container can see and do, from inside and from the host.
local lfs = require "lfs"
local hcs = require "hcs"
local support = require "spec.support.linux"
local groups = require "spec.support.linux.groups"

-- The default list: CHOWN, DAC_OVERRIDE, FOWNER, FSETID, KILL, SETGID, SETUID, SETPCAP, NET_BIND_SERVICE,
-- SYS_CHROOT, SETFCAP (linux/capability.h: 0, 1, 3 to 8, 10, 18, 31).
local CAPABILITIES = 0
for _, bit in ipairs { 0, 1, 3, 4, 5, 6, 7, 8, 10, 18, 31 } do CAPABILITIES = CAPABILITIES | 1 << bit end

-- A program for what busybox has no words for.
local probe_source = [[
  #define _GNU_SOURCE
  #include <arpa/inet.h>
  #include <errno.h>
  #include <fcntl.h>
  #include <sched.h>
  #include <signal.h>
  #include <stdio.h>
  #include <stdlib.h>
  #include <string.h>
  #include <sys/ptrace.h>
  #include <sys/resource.h>
  #include <sys/syscall.h>
  #include <sys/wait.h>
  #include <unistd.h>
  #define SESSION (-3) /* KEY_SPEC_SESSION_KEYRING */
  static int limit(int pid) {
    struct rlimit files = {20, 20};
    printf("%s\n", prlimit(pid, RLIMIT_NOFILE, &files, 0) == 0 ? "lowered" : strerror(errno));
    return 0;
  }
  static int attach(int pid) {
    long r = ptrace(PTRACE_ATTACH, pid, 0, 0);
    printf("%s\n", r == 0 ? "attached" : strerror(errno));
    return 0;
  }
  /* In a session keyring of its own that holds a key, becomes another program. */
  static int keyed(char **arguments) {
    if (syscall(SYS_keyctl, 1, 0) < 0) return 2;
    if (syscall(SYS_add_key, "user", "hcs-spec", "secret", 6, SESSION) < 0) return 2;
    execvp(arguments[0], arguments);
    return 127;
  }
  static int search(void) {
    long key = syscall(SYS_keyctl, 10, SESSION, "user", "hcs-spec", 0);
    printf("%s\n", key >= 0 ? "found" : strerror(errno));
    return 0;
  }
  static int limits(void) {
    int i;
    for (i = 0; i < RLIMIT_NLIMITS; i++) {
      struct rlimit limit;
      getrlimit(i, &limit);
      printf("%d %lld %lld\n", i, (long long)limit.rlim_cur, (long long)limit.rlim_max);
    }
    return 0;
  }
  static int scheduling(void) {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    printf("nice %d policy %d processors %d io %ld\n", getpriority(PRIO_PROCESS, 0), sched_getscheduler(0),
           CPU_COUNT(&set), syscall(SYS_ioprio_get, 1, 0));
    return 0;
  }
  static int set_scheduling(char **arguments) {
    syscall(SYS_ioprio_set, 1, 0, 3 << 13 | 5);
    execvp(arguments[0], arguments);
    return 127;
  }
  /* Takes all the terminals that it can get. */
  static int terminals(void) {
    struct rlimit files;
    int count = 0;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    while (open("/dev/ptmx", O_RDWR | O_NOCTTY) >= 0) count++;
    printf("%d %s\n", count, strerror(errno));
    fflush(stdout);
    pause();
    return 0;
  }
  static int loopback(void) {
    struct sockaddr_in address = { AF_INET, htons(80), { htonl(INADDR_LOOPBACK) }, { 0 } };
    int server = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0), peer;
    char text[6] = "";
    if (bind(server, (void *)&address, sizeof address) || listen(server, 1) ||
        connect(client, (void *)&address, sizeof address) || (peer = accept(server, 0, 0)) < 0 ||
        write(client, "hello", 5) != 5 || read(peer, text, 5) != 5)
      perror("loopback");
    return puts(text) < 0;
  }
  /* Which signals are blocked, ignored or handled at the start. */
  static int ignoring(char **arguments) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    execvp(arguments[0], arguments);
    return 127;
  }
  int main(int argc, char **argv) {
    if (argc > 2 && !strcmp(argv[1], "limit")) return limit(atoi(argv[2]));
    if (argc > 2 && !strcmp(argv[1], "attach")) return attach(atoi(argv[2]));
    if (argc > 2 && !strcmp(argv[1], "seals")) return printf("%d", fcntl(open(argv[2], O_RDONLY), F_GET_SEALS)) < 0;
    if (argc > 2 && !strcmp(argv[1], "keyed")) return keyed(argv + 2);
    if (argc > 2 && !strcmp(argv[1], "io")) return set_scheduling(argv + 2);
    if (argc > 2 && !strcmp(argv[1], "ignoring")) return ignoring(argv + 2);
    if (argc > 1 && !strcmp(argv[1], "loopback")) return loopback();
    if (argc > 1 && !strcmp(argv[1], "search")) return search();
    if (argc > 1 && !strcmp(argv[1], "limits")) return limits();
    if (argc > 1 && !strcmp(argv[1], "terminals")) return terminals();
    if (argc > 1 && !strcmp(argv[1], "scheduling")) return scheduling();
    return 2;
  }
]]

local folder, c

setup(function()
  folder = support.temporary_folder()
  assert(lfs.mkdir(folder .. "/layer"))
  local source = support.write_file(folder .. "/probe.c", probe_source)
  support.shell(("cc -static -O1 -o %s/layer/probe %s"):format(folder, source))
  -- Something of the host's behind the layers, and a device in one of them.
  support.shell(("mknod -m 666 %s/layer/memory c 1 5"):format(folder))
  c = support.container {
    Layers = { { Path = folder .. "/layer" }, { Path = support.layer() } },
    HostName = "inside",
  }
end)

teardown(function()
  if c then c:close() end
  c = nil
  support.remove(folder)
end)

-- Standard output of a shell command in the container, without the last newline.
local function inside(script, user)
  local result = assert(c:run({ "sh", "-c", script, User = user }, { timeout = 20 }))
  return (result.stdout:gsub("\n$", "")), result
end

-- The same, for a command that must fail; its standard error.
local function refused(script, user)
  local result = assert(c:run({ "sh", "-c", script, User = user }, { timeout = 20 }))
  assert.is_true(result.exit_code ~= 0, "this has worked: " .. script .. "\n" .. result.stdout)
  return result.stderr
end

local function status_page()
  return support.read_file(support.residue.state_directory() .. "/" .. c:id() .. "/status")
end

local function guest() return (string.unpack("<i4", status_page(), 13)) end

local function line_of(text, key) return text:match("%f[^\n\0]" .. key .. ":[ \t]*([^\n]*)") end

-- A sleeping process of the container, and its pid on the host.
local function sleeper(user)
  local p = assert(c:create_process { "sleep", "1000", User = user })
  for _, group in ipairs(groups.directories(c)) do
    for pid in support.read_file(group .. "/work/cgroup.procs"):gmatch "%d+" do
      local status = support.read_file("/proc/" .. pid .. "/status")
      if line_of(status, "NSpid"):match "(%d+)$" == tostring(p:pid()) then return p, math.tointeger(pid), status end
    end
  end
  error "the process is in no work group"
end

describe("namespaces", function()
  for _, name in ipairs { "mnt", "pid", "uts", "ipc", "cgroup", "net" } do
    it("has its own: " .. name, function()
      local own = inside("readlink /proc/self/ns/" .. name)
      assert.matches("^" .. name .. ":%[%d+%]$", own)
      assert.not_equal(lfs.symlinkattributes("/proc/self/ns/" .. name, "target"), own)
    end)
  end

  it("are the same for all processes of a container, and others in another one", function()
    local names = "cd /proc/self/ns; for n in mnt pid uts ipc cgroup net; do readlink $n; done"
    local other <close> = support.container()
    local own, second = inside(names), inside(names)
    assert.equal(own, second)
    local others = assert(other:run { "sh", "-c", names }).stdout
    for namespace in own:gmatch "%S+" do assert.is_nil(others:find(namespace, 1, true), namespace) end
  end)

  it("have a host name of their own", function()
    assert.equal("inside", inside "hostname")
    assert.not_equal("inside\n", support.read_file "/proc/sys/kernel/hostname")
  end)

  it("have the loopback interface, up, and no other", function()
    assert.equal("lo", inside "ls /sys/class/net")
    assert.matches("UP", inside "ip link show lo", 1, true)
    assert.equal("hello", inside "/probe loopback")
    assert.equal("", inside "ip route")
  end)

  it("have a view of their own groups only", function()
    for line in inside "cat /proc/self/cgroup":gmatch "[^\n]+" do
      local controller, path = line:match "^%d+:([^:]*):(.*)$"
      local used = controller == "pids" or controller == "memory" or (controller == "" and groups.layout() ~= "v1")
      if used then assert.equal("/work", path, line) end
    end
    assert.is_nil(inside "cat /proc/self/cgroup":find(c:id(), 1, true))
  end)

  it("have no process but the container's", function()
    local pids = {}
    for pid in inside "ls /proc":gmatch "%f[^\n\0]%d+" do pids[#pids + 1] = tonumber(pid) end
    assert.is_true(#pids <= 3, table.concat(pids, " "))
    assert.equal("hcs-guest", inside "cat /proc/1/comm")
  end)
end)

describe("the root", function()
  -- What may be mounted, and where.
  local mounts = {
    ["/"] = "overlay", ["/proc"] = "proc", ["/sys"] = "sysfs", ["/dev"] = "tmpfs", ["/dev/pts"] = "devpts",
    ["/dev/shm"] = "tmpfs", ["/dev/mqueue"] = "mqueue", ["/etc/hosts"] = "tmpfs",
    ["/etc/resolv.conf"] = "tmpfs",
  }

  it("has the container's mounts and no other", function()
    local seen = {}
    local text = inside "cat /proc/self/mountinfo"
    for line in text:gmatch "[^\n]+" do
      local root, point = line:match "^%d+ %d+ %S+ (%S+) (%S+)"
      local kind = line:match " %- (%S+)"
      seen[point] = true
      if not (point:find "^/proc/" or point:find "^/sys/") then
        assert.equal(mounts[point], kind, line)
        assert.equal(point:match "^/etc(/.+)" or "/", root, line)
      end
      assert.is_nil(line:find("shared:", 1, true) or line:find("master:", 1, true), line)
    end
    for point in pairs(mounts) do assert.is_true(seen[point], point) end
    for _, secret in ipairs { folder, support.layer(), support.residue.state_directory(), "/dev/vda" } do
      assert.is_nil(text:find(secret, 1, true), secret)
    end
  end)

  it("is the root: nothing lies above or beneath it", function()
    assert.equal(inside "ls -a / | sort", inside "ls -a /.. | sort")
    assert.equal(inside "stat -c %d:%i /", inside "stat -c %d:%i /../../..")
    -- With CAP_SYS_CHROOT the classical way out ends in the same root.
    assert.equal(inside "stat -c %d:%i /",
      inside "mkdir -p /jail && cp /bin/busybox /jail/sh && cd / && \z
        chroot /jail /sh sh -c 'cd ../../../..; /sh stat -c %d:%i .' >/dev/null; cd /; stat -c %d:%i ../..")
  end)

  it("leaves others their terminals: it has 1024", function()
    local p = assert(c:create_process { "/probe", "terminals", CreateStdOutPipe = true })
    assert.equal("1024 No space left on device", p:stdout():read "l")
    local console, err = c:create_process { "true", EmulateConsole = true }
    assert.is_nil(console)
    assert.matches("no pseudo terminal is left: the container has 1024", tostring(err), 1, true)
    local other <close> = support.container()
    assert(other:create_process { "true", EmulateConsole = true }):close()
    assert(p:kill())
    assert(p:wait(10))
    p:close()
    assert(c:create_process { "true", EmulateConsole = true }):close()
  end)

  it("cannot be seen through PID 1", function()
    refused "ls /proc/1/root/"
    refused "readlink /proc/1/root"
    refused "ls /proc/1/cwd/"
  end)

  it("takes no mount, no unmount and no new namespace", function()
    refused "mount -t tmpfs none /tmp"
    refused "mount -o remount,rw /sys"
    refused "mount -o bind / /tmp"
    refused "umount /proc/sys"
    refused "umount /proc/keys"
    for _, kind in ipairs { "-m", "-n", "-u", "-i", "-p" } do refused("unshare " .. kind .. " true") end
    refused "mkdir -p /old && pivot_root / /old"
  end)
end)

describe("/dev", function()
  it("has these entries and no other", function()
    local wanted = {
      "crw-rw-rw- 1:3 null", "crw-rw-rw- 1:5 zero", "crw-rw-rw- 1:7 full", "crw-rw-rw- 1:8 random",
      "crw-rw-rw- 1:9 urandom", "crw-rw-rw- 5:0 tty", "drwxr-xr-x 0:0 pts", "drwxrwxrwt 0:0 shm",
      "drwxrwxrwt 0:0 mqueue", "lrwxrwxrwx 0:0 ptmx", "lrwxrwxrwx 0:0 fd", "lrwxrwxrwx 0:0 stdin",
      "lrwxrwxrwx 0:0 stdout", "lrwxrwxrwx 0:0 stderr",
    }
    local found = {}
    for line in inside "cd /dev; for n in *; do stat -c '%A %t:%T %n' $n; done":gmatch "[^\n]+" do
      found[#found + 1] = line
    end
    table.sort(wanted)
    table.sort(found)
    assert.same(wanted, found)
  end)

  it("has links to the right places", function()
    assert.equal("pts/ptmx /proc/self/fd /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2",
      inside "cd /dev; echo $(readlink ptmx) $(readlink fd) $(readlink stdin) $(readlink stdout) $(readlink stderr)")
  end)

  it("has devices that work", function()
    assert.equal("4096", inside "head -c 4096 /dev/zero | wc -c")
    assert.equal("16", inside "head -c 16 /dev/urandom | wc -c")
    assert.equal("", inside "cat /dev/null; echo x >/dev/null")
    assert.matches("No space left", refused "echo x >/dev/full")
    assert.equal("x", inside "echo x >/dev/shm/file; cat /dev/shm/file; rm /dev/shm/file")
    assert.equal("out", inside "echo out >/dev/stdout")
    assert.equal("out", inside("echo out >/dev/stdout", "lab"))
  end)

  it("has terminals of its own", function()
    assert.equal("ptmx", inside "ls /dev/pts")
  end)

  it("does not come from the layers, where devices do not work either", function()
    assert.equal("character special file", inside "stat -c %F /memory")
    assert.matches("Permission denied", refused "head -c 1 /memory")
    refused "mknod /tmp/node c 1 5"
    refused "mknod /dev/node c 1 5"
  end)

  it("runs no programs", function()
    refused "cp /bin/busybox /dev/shm/true && /dev/shm/true"
    refused "cp /bin/busybox /dev/true"
  end)
end)

describe("the kernel's files", function()
  it("in /sys are read-only", function()
    local options = inside "grep ' /sys sysfs ' /proc/mounts"
    assert.matches("sysfs ro,nosuid,nodev,noexec", options, 1, true)
    assert.matches("Read.only file system", refused "echo 1 >/sys/class/net/lo/mtu")
    assert.matches("Read.only file system", refused "mkdir /sys/x")
  end)

  -- Empty, whatever the host has there.
  for _, path in ipairs {
    "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
    "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/firmware",
    "/sys/devices/virtual/powercap",
  } do
    it("are masked: " .. path, function()
      local mode = lfs.attributes(path, "mode")
      if not mode then
        refused("ls " .. path)
      elseif mode == "directory" then
        assert.equal("", inside("ls -A " .. path))
        assert.matches("Read.only file system", refused("mkdir " .. path .. "/x"))
      else
        assert.equal("character special file 1:3", inside("stat -c '%F %t:%T' " .. path))
        assert.equal("", inside("cat " .. path))
      end
    end)
  end

  -- A file in each that root may write if it is not read-only.
  for path, file in pairs {
    ["/proc/bus"] = false, ["/proc/fs"] = false, ["/proc/irq"] = "/proc/irq/default_smp_affinity",
    ["/proc/sys"] = "/proc/sys/vm/overcommit_memory", ["/proc/sysrq-trigger"] = "/proc/sysrq-trigger",
  } do
    it("are read-only: " .. path, function()
      if not lfs.attributes(path) then return refused("ls " .. path) end
      assert.matches(" proc ro,nosuid,nodev,noexec,", inside("grep ' " .. path .. " ' /proc/mounts"), 1, true)
      if file and lfs.attributes(file) then
        local value = support.read_file(file)
        assert.matches("Read.only file system", refused("echo 1 >" .. file))
        assert.equal(value, support.read_file(file))
      end
    end)
  end

  for _, path in ipairs { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys" } do
    it("take no file: " .. path, function() refused("touch " .. path .. "/x") end)
  end

  it("cannot be changed by sysctl", function()
    local name = support.read_file "/proc/sys/kernel/hostname"
    refused "echo stolen >/proc/sys/kernel/core_pattern"
    refused "echo stolen >/proc/sys/kernel/hostname"
    assert.equal(name, support.read_file "/proc/sys/kernel/hostname")
  end)

  it("tell nothing of the kernel's memory", function()
    refused "head -c 1 /proc/kmsg"
    refused "dmesg -c"
    refused "reboot -f"
    local _, result = inside "date -s @$(date +%s)"
    assert.matches("can't set date: Operation not permitted", result.stderr, 1, true)
    refused "swapoff -a /proc/swaps"
  end)
end)

describe("privileges", function()
  local function capabilities(text)
    local sets = {}
    for name, value in text:gmatch "Cap(%a+):%s*(%x+)" do sets[name] = tonumber(value, 16) end
    return sets
  end

  it("are the default capabilities for root", function()
    assert.same({ Inh = 0, Prm = CAPABILITIES, Eff = CAPABILITIES, Bnd = CAPABILITIES, Amb = 0 },
      capabilities(inside "cat /proc/self/status"))
  end)

  it("are none for another user, who gets none back", function()
    assert.same({ Inh = 0, Prm = 0, Eff = 0, Bnd = CAPABILITIES, Amb = 0 },
      capabilities(inside("cat /proc/self/status", "lab")))
    inside "mkdir /tmp/setuid && cp /bin/busybox /tmp/setuid/ && chmod 4755 /tmp/setuid/busybox"
    assert.equal("1000", inside("/tmp/setuid/busybox id -u", "lab"))
    assert.same({ Inh = 0, Prm = 0, Eff = 0, Bnd = CAPABILITIES, Amb = 0 },
      capabilities(inside("/tmp/setuid/busybox cat /proc/self/status", "lab")))
  end)

  it("cannot grow", function()
    assert.equal("1", line_of(inside "cat /proc/self/status", "NoNewPrivs"))
    assert.equal("1", line_of(inside("cat /proc/self/status", "lab"), "NoNewPrivs"))
  end)

  it("have the user's groups and no other", function()
    assert.equal("", line_of(inside "cat /proc/self/status", "Groups"):gsub("%s", ""))
    assert.equal("1000 100", inside("id -G", "lab"))
  end)

  it("begin with default signals, unblocked", function()
    -- Without a shell in between, which changes some.
    local status = assert(c:run({ "cat", "/proc/self/status" }, { check = true })).stdout
    for _, key in ipairs { "SigBlk", "SigIgn", "SigPnd", "ShdPnd" } do
      assert.equal("0000000000000000", line_of(status, key), key)
    end
    assert.equal("0022", line_of(status, "Umask"))
  end)
end)

describe("PID 1", function()
  it("cannot be killed or stopped from inside", function()
    for _, signal in ipairs { "KILL", "STOP", "TERM", "INT", "HUP", "SEGV", "USR1" } do
      inside("kill -" .. signal .. " 1")
      inside("kill -" .. signal .. " -1", "lab")
    end
    assert.equal("Running", c:state())
    assert.equal("alive", inside "echo alive")
    assert.is_nil(line_of(support.read_file("/proc/" .. guest() .. "/status"), "State"):find "^[Tt]")
  end)

  it("keeps its resource limits, which a process of the same user could lower", function()
    assert.equal("Operation not permitted", inside "/probe limit 1")
    assert.equal("lowered", inside "sleep 1000 & /probe limit $!; kill -9 $!")
  end)

  it("cannot be attached to", function()
    assert.equal("Operation not permitted", inside "/probe attach 1")
    assert.equal("Operation not permitted", inside("/probe attach 1", "lab"))
  end)

  it("shows nothing of itself", function()
    for _, user in ipairs { "root", "lab" } do
      for _, file in ipairs { "environ", "maps", "mem", "auxv", "stack", "io", "pagemap", "syscall" } do
        refused("head -c 1 /proc/1/" .. file, user)
      end
      for _, link in ipairs { "exe", "cwd", "root", "ns/mnt", "ns/pid", "ns/net" } do
        refused("readlink /proc/1/" .. link, user)
      end
      for fd = 0, 3 do
        refused("readlink /proc/1/fd/" .. fd, user)
        refused("head -c 1 /proc/1/fd/" .. fd, user)
        refused("head -c 1 /proc/1/fdinfo/" .. fd, user)
      end
      refused("ls /proc/1/map_files/ | grep .", user)
      refused("cat /proc/1/exe", user)
    end
  end)

  it("cannot be written to", function()
    for _, file in ipairs { "mem", "exe", "clear_refs", "oom_score_adj", "coredump_filter", "comm" } do
      refused(("echo 0 >>/proc/1/%s"):format(file), "lab")
    end
    refused "echo 0 >>/proc/1/mem"
    refused "echo 0 >>/proc/1/exe"
    assert.equal("hcs-guest", inside "cat /proc/1/comm")
  end)

  it("has the container's privileges and not one more, as the host sees it", function()
    local status = support.read_file("/proc/" .. guest() .. "/status")
    for _, set in ipairs { "CapPrm", "CapEff", "CapBnd" } do
      assert.equal(0, tonumber(line_of(status, set), 16) & ~CAPABILITIES, set)
    end
    assert.equal(0, tonumber(line_of(status, "CapInh"), 16))
    assert.equal(0, tonumber(line_of(status, "CapAmb"), 16))
    assert.equal("1", line_of(status, "NoNewPrivs"))
    assert.equal("1", line_of(status, "NSpid"):match "(%d+)$")
  end)

  it("is a sealed memory file, and not dumpable", function()
    local exe = ("/proc/%d/exe"):format(guest())
    assert.matches("^/memfd:hcs%-guest", lfs.symlinkattributes(exe, "target"))
    -- F_SEAL_SEAL, SHRINK, GROW, WRITE
    assert.equal(15, 15 & tonumber(support.shell(folder .. "/layer/probe seals " .. exe)))
    local file, why = io.open(exe, "r+b")
    assert.is_nil(file)
    assert.matches("Text file busy", why)
    -- Who has the same user and the same capabilities may attach, unless it is not dumpable.
    assert.equal("Operation not permitted", inside "/probe attach 1")
    assert.equal("attached", inside "sleep 1000 & /probe attach $!; kill -9 $!")
  end)

  it("holds no file or directory of the host", function()
    local directory = ("/proc/%d/fd/"):format(guest())
    local root_device = lfs.attributes("/", "dev")
    for name in lfs.dir(directory) do
      local target = name ~= "." and name ~= ".." and lfs.symlinkattributes(directory .. name, "target")
      if target then
        assert.is_true(target:find "^socket:" ~= nil or target:find "^anon_inode:" ~= nil or target == "/dev/null"
          or target:find "/tasks$" ~= nil or target == "/" or (target:find "/freezer%.state$" ~= nil
          and groups.layout() == "v1"), name .. " to " .. target)
        if lfs.attributes(directory .. name, "mode") == "directory" then
          assert.not_equal(root_device, lfs.attributes(directory .. name, "dev"))
        end
      end
    end
  end)
end)

describe("a process", function()
  it("has its three streams and no other descriptor", function()
    for _, user in ipairs { "root", "lab" } do
      -- ls has the directory itself, as 3.
      assert.equal("0 1 2 3", inside("echo $(ls /proc/self/fd)", user))
      assert.matches("^pipe:", inside("readlink /proc/self/fd/1", user))
    end
    local p, pid = sleeper()
    local found = {}
    for name in lfs.dir(("/proc/%d/fd"):format(pid)) do
      if name ~= "." and name ~= ".." then
        found[#found + 1] = name .. " " .. lfs.symlinkattributes(("/proc/%d/fd/%s"):format(pid, name), "target")
      end
    end
    table.sort(found)
    assert.same({ "0 /dev/null", "1 /dev/null", "2 /dev/null" }, found)
    -- The container's /dev/null, not the host's.
    assert.not_equal(lfs.attributes("/dev/null", "dev"), lfs.attributes(("/proc/%d/fd/0"):format(pid), "dev"))
    assert(p:kill())
    assert(p:wait(10))
    p:close()
  end)

  it("is in the work group of each hierarchy, and the guest in the guest group", function()
    local p, pid = sleeper("lab")
    for _, group in ipairs(groups.directories(c)) do
      local function members(name)
        local set = {}
        for member in support.read_file(group .. name .. "/cgroup.procs"):gmatch "%d+" do
          set[math.tointeger(member)] = true
        end
        return set
      end
      assert.same({ [guest()] = true }, members "/guest", group)
      assert.is_true(members "/work"[pid], group)
      assert.is_nil(members "/work"[guest()], group)
      assert.same({}, members "", group)
    end
    assert(p:kill())
    assert(p:wait(10))
    p:close()
  end)

  it("may have 16383 others", function()
    local found = 0
    for _, group in ipairs(groups.directories(c)) do
      local file = io.open(group .. "/work/pids.max")
      if file then
        found = found + 1
        assert.equal("16384\n", file:read "a")
        file:close()
      end
    end
    assert.equal(1, found)
  end)

  it("may have groups of its own below, however deep and many: they go with it", function()
    local own = support.container()
    local found = groups.directories(own)
    assert.is_true(#found > 0)
    for _, group in ipairs(found) do
      support.shell(("cd %s/work; mkdir -p .%s; mkdir -p b/c $(seq 300)"):format(group, ("/d"):rep(400)))
    end
    assert(own:terminate())
    assert(own:wait(10))
    assert(own:close())
    assert.same({}, groups.directories(own))
  end)

  it("cannot leave its group", function()
    refused "mkdir -p /cg && mount -t cgroup2 none /cg"
    refused "mkdir -p /cg && mount -t cgroup -o pids none /cg"
    assert.equal("", inside "ls /sys/fs/cgroup 2>/dev/null")
  end)
end)

describe("nothing of the caller's is inherited:", function()
  -- The output of a command in a container whose client was started by `prefix`.
  local function under(prefix, command)
    local path = support.write_file(folder .. "/client.lua", ([[
      local hcs = require "hcs"
      local c <close> = assert(hcs.create_container(nil, {
        Layers = { { Path = %q }, { Path = %q } }, TerminateOnLastHandleClosed = true }))
      assert(c:start())
      io.write(assert(c:run({ "sh", "-c", %q }, { check = true })).stdout)
    ]]):format(folder .. "/layer", support.layer(), command))
    return (support.shell(("%s env %s %s"):format(prefix, support.lua(), path)):gsub("\n$", ""))
  end
  local function plain(command) return under("", command) end

  it("niceness, processors, I/O priority", function()
    local probe = folder .. "/layer/probe"
    local default = ("nice 0 policy 0 processors %d io 0"):format(
      math.tointeger(support.shell "nproc --all":match "%d+"))
    assert.equal(default, plain "/probe scheduling")
    assert.equal(default, under("nice -n 7 taskset 1 " .. probe .. " io", "/probe scheduling"))
    assert.equal(default, under("chrt --batch 0", "/probe scheduling"))
  end)

  it("the out-of-memory score", function()
    assert.equal("0", plain "cat /proc/self/oom_score_adj")
    assert.equal("0", under("echo 500 >/proc/self/oom_score_adj;", "cat /proc/self/oom_score_adj"))
  end)

  it("resource limits", function()
    local limits = plain "/probe limits"
    local set = {}
    for number, soft, hard in limits:gmatch "(%d+) (%-?%d+) (%-?%d+)" do
      set[tonumber(number)] = { soft = tonumber(soft), hard = tonumber(hard) }
    end
    assert.same({ soft = 0, hard = 0 }, set[4]) -- RLIMIT_CORE
    assert.equal(1024, set[7].soft) -- RLIMIT_NOFILE
    assert.is_true(set[7].hard <= 1 << 20 and set[7].hard >= 1024)
    -- The address sanitizer takes more memory than there is.
    local memory = os.getenv "HCS_TEST_VARIANT" == "asan" and "" or "ulimit -S -v 4000000; ulimit -S -d 3000000; "
    assert.equal(limits, under(memory .. "ulimit -S -n 300; ulimit -S -s 1024; ulimit -S -f 100000; \z
      ulimit -S -t 600; ulimit -S -l 0; ulimit -S -p 5000;",
      "/probe limits"))
  end)

  it("signals", function()
    local function signals(prefix)
      return under(prefix, "grep ^Sig /proc/self/status | grep -v SigQ")
    end
    assert.equal(signals "", signals(folder .. "/layer/probe ignoring"))
    assert.matches("SigIgn:%s*0000000000000000", signals(folder .. "/layer/probe ignoring"))
  end)

  it("the session keyring", function()
    local keyed = folder .. "/layer/probe keyed"
    -- The key is there for the client …
    assert.equal("found\n", support.shell(keyed .. " " .. folder .. "/layer/probe search"))
    -- … and not for the container.
    assert.equal("Required key not available", under(keyed, "/probe search"))
  end)

  it("the environment", function()
    assert.equal("HOME=/root\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
      under("env HCS_SPEC_SECRET=1 TERM=x LANG=C", "env | grep -v -e ^PWD= -e ^SHLVL= -e ^_= | sort"))
  end)

  it("umask, directory, session", function()
    assert.equal("0022 /", under("cd /tmp; umask 077;", "echo $(umask) $(pwd)"))
  end)

  it("the parent-death signal and the client's session", function()
    local p, pid = sleeper()
    local text = support.read_file(("/proc/%d/stat"):format(pid)):match "%) (.*)"
    -- Behind the state: parent, process group, session, terminal.
    local parent, group, session, terminal = text:match "^%a (%d+) (%d+) (%d+) (%-?%d+)"
    assert.same({ guest(), pid, pid, 0 },
      { tonumber(parent), tonumber(group), tonumber(session), tonumber(terminal) })
    assert(p:kill())
    assert(p:wait(10))
    p:close()
  end)
end)

describe("layers", function()
  for _, name in ipairs { "dev", "proc", "sys" } do
    for kind, make in pairs {
      ["an absolute link"] = "ln -s /tmp %s", ["a relative link"] = "ln -s ../../../../tmp %s",
      ["a dangling link"] = "ln -s /nowhere/at/all %s", ["a file"] = "touch %s", ["a FIFO"] = "mkfifo %s",
    } do
      it(("with %s at /%s are refused, and nothing is left"):format(kind, name), function()
        local top = support.temporary_folder()
        support.shell(make:format(top .. "/" .. name))
        local before = support.residue.snapshot()
        local made, err = hcs.create_container(nil, {
          Layers = { { Path = top }, { Path = support.layer() } }, TerminateOnLastHandleClosed = true,
        })
        assert.is_nil(made)
        assert.is_true(err.errno == "ELOOP" or err.errno == "ENOTDIR", tostring(err))
        assert.matches("/" .. name, err.message, 1, true)
        assert.same({}, support.residue.living(before))
        support.remove(top)
      end)
    end
  end

  it("without these directories get them", function()
    local bare = support.temporary_folder()
    support.shell(("mkdir %s/bin && cp %s/bin/busybox %s/bin/busybox"):format(bare, support.layer(), bare))
    local own = assert(hcs.create_container(nil, { Layers = { { Path = bare } }, TerminateOnLastHandleClosed = true }))
    assert(own:start())
    assert.equal("bin\ndev\netc\nproc\nsys\n", assert(own:run { "/bin/busybox", "ls", "/" }).stdout)
    assert(own:close())
    assert.equal("bin\n", support.shell("ls " .. bare))
    support.remove(bare)
  end)

  it("with what hides below the kernel's directories show nothing of it", function()
    local top = support.temporary_folder()
    support.shell(("cd %s && mkdir -p dev proc/sys && mknod dev/sda b 8 0 && ln -s /etc/passwd dev/null && \z
      touch proc/keys"):format(top))
    local own = assert(hcs.create_container(nil, {
      Layers = { { Path = top }, { Path = support.layer() } }, TerminateOnLastHandleClosed = true,
    }))
    assert(own:start())
    local result = assert(own:run { "sh", "-c", "ls /dev/sda 2>&1; stat -c %F /dev/null /proc/keys" })
    assert.matches("No such file", result.stdout, 1, true)
    assert.matches("character special file\ncharacter special file\n", result.stdout, 1, true)
    assert(own:close())
    support.remove(top)
  end)
end)

describe("the container", function()
  it("ends", function()
    assert(c:close())
    c = nil
  end)
end)

support.nothing_left()
