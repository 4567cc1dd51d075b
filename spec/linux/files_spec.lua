-- read_file and write_file (API.md, Container): the host reads and writes the container's files by itself, whatever the
-- container has made of them.
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local failure, shell = support.failure, support.shell

-- A root directory that the host sees, too, with small file systems mounted into it; made once for the file.
local folder, root
local SECRET = "of the host alone\n"
local octal = function(digits) return tonumber(digits, 8) end

local function host(path) return root .. path end

-- "755 1000:1001 regular file", as the container's files look from outside.
local function look(path)
  return (shell("stat -c '%a %u:%g %F' " .. support.quote(host(path))):gsub("\n", ""))
end

local function inode(path) return lfs.attributes(host(path), "ino") end

describe("a container's files:", function()
  setup(function()
    folder = support.temporary_folder()
    root = folder .. "/root"
    shell(([[
      cp -a %s %s
      cd %s
      mkdir -p small readonly data
      touch etc/hosts
      truncate -s 1M ../small.img
      mkfs.ext4 -q -m 0 -O ^has_journal ../small.img
      mount -o loop ../small.img small
      rmdir small/lost+found
      mount -t tmpfs hcs-spec readonly
      echo fixed > readonly/file
      mount -o remount,ro readonly
      printf '%%s' '%s' > %s/secret
      mkfifo data/fifo
      mknod data/null c 1 3
      mknod data/disk b 7 0
      mkdir data/directory
      echo group:x:77: >> etc/group
    ]]):format(support.layer(), root, root, SECRET, folder))
  end)

  teardown(function()
    shell(("umount %s/small %s/readonly"):format(root, root))
    support.remove(folder)
  end)

  local c

  local function new_container()
    return assert(hcs.create_container(nil, { VolumePath = root, TerminateOnLastHandleClosed = true }))
  end

  before_each(function()
    c = new_container()
    assert(c:start())
  end)

  after_each(function()
    c:close()
    assert.equal(SECRET, support.read_file(folder .. "/secret"))
    -- Nobody's half-made file is left.
    assert.equal("", shell(("find %s/data %s/small -type f -delete; ls -A %s/small"):format(root, root, root)))
  end)

  -- Runs a script in the container.
  local function inside(script)
    return assert(c:run({ "sh", "-c", script }, { check = true, timeout = 20 })).stdout
  end

  describe("read_file and write_file", function()
    local every_byte = {}
    for byte = 0, 255 do every_byte[#every_byte + 1] = string.char(byte) end
    every_byte = table.concat(every_byte)

    it("take any bytes there and back", function()
      for _, data in ipairs { "", "\0", "line\n", every_byte, every_byte:rep(5 * 4096) } do
        assert.is_true(c:write_file("/data/f", data))
        assert.is_true(data == c:read_file "/data/f")
        assert.equal(#data, lfs.attributes(host "/data/f", "size"))
      end
    end)

    it("see what processes write, and processes see what they write", function()
      inside "echo from inside > /data/f"
      assert.equal("from inside\n", c:read_file "/data/f")
      assert.is_true(c:write_file("/data/f", "from outside\n"))
      assert.equal("from outside\n", inside "cat /data/f")
    end)

    it("work before start, in layers and in a tmpfs scratch", function()
      local created <close> = assert(hcs.create_container(nil, support.config()))
      assert.equal("Created", created:state())
      assert.matches("^root:x:0:0:", created:read_file "/etc/passwd")
      assert.is_true(created:write_file("/etc/motd", "prepared\n"))
      assert.is_true(created:write_file("/etc/passwd", "other:x:5:6::/:\n"))
      assert(created:start())
      assert.equal("prepared\n", assert(created:run { "cat", "/etc/motd" }).stdout)
      assert.equal("5\n", assert(created:run { "id", "-u", User = "other" }).stdout)
      assert.matches("^root:x:0:0:", support.read_file(support.layer() .. "/etc/passwd"))
    end)

    it("take a relative path from the root on", function()
      assert.is_true(c:write_file("data/f", "x"))
      assert.equal("x", c:read_file "data/f")
      assert.equal("x", c:read_file "/data/../data/./f")
      assert.is_true(c:write_file("top", "y"))
      assert.equal("y", c:read_file "/top")
      os.remove(host "/top")
    end)

    it("write the files that are mounted over the image's", function()
      assert.is_true(c:write_file("/etc/hosts", "10.0.0.1 peer\n"))
      assert.equal("10.0.0.1 peer\n", inside "cat /etc/hosts")
      assert.not_matches("peer", support.read_file(host "/etc/hosts"))
    end)

    it("hold no descriptor when they are done", function()
      local before = support.residue.snapshot()
      for _ = 1, 20 do
        assert(c:write_file("/data/f", "x", { user = "lab" }))
        assert(c:read_file "/data/f")
        for _, path in ipairs { "/", "/data/fifo", "/proc/version", "/no/where", "/readonly/file", "/readonly/new" } do
          assert.is_nil(c:write_file(path, "x"))
        end
        for _, path in ipairs { "/", "/data/fifo", "/proc/version", "/no/where" } do
          assert.is_nil(c:read_file(path))
        end
      end
      for _, text in ipairs(support.residue.difference(before)) do assert.not_matches("^descriptor", text) end
    end)
  end)

  describe("a file that write_file makes", function()
    it("is root's and 644, whatever the umask of the program and the directory's group", function()
      shell(("chgrp 77 %s; chmod 2777 %s"):format(host "/data/directory", host "/data/directory"))
      local client = support.client([[
        local c = assert(require "hcs".open_container(...))
        print(c:write_file("/data/directory/f", "x"), c:write_file("/data/g", "x", { mode = 511 }))
      ]], c:id())
      assert.equal("true\ttrue\n", (client:wait()))
      assert.equal("644 0:0 regular file", look "/data/directory/f")
      assert.equal("777 0:0 regular file", look "/data/g")
      local script = support.write_file(os.tmpname(), [[
        local c = assert(require "hcs".open_container(...))
        assert(c:write_file("/data/h", "x"))
        assert(c:write_file("/data/i", "x", { mode = 511 }))
      ]])
      shell(("umask 077; %s %s %s"):format(support.lua(), script, c:id()))
      os.remove(script)
      assert.equal("644 0:0 regular file", look "/data/h")
      assert.equal("777 0:0 regular file", look "/data/i")
    end)

    it("has the mode that is asked for", function()
      for _, digits in ipairs { "0", "600", "755", "1777", "2755", "4755", "7777" } do
        assert.is_true(c:write_file("/data/m" .. digits, "x", { mode = octal(digits) }))
        assert.equal(digits, (look("/data/m" .. digits):match "^%d+"))
      end
      assert.is_true(c:write_file("/data/f", "x", { mode = 420.0 }))
      assert.equal("644", (look "/data/f":match "^%d+"))
    end)

    it("belongs to whom the container's own files name", function()
      for user, owner in pairs {
        lab = "1000:1000", ["1000"] = "1000:1000", ["lab:group"] = "1000:77", ["12:13"] = "12:13", ["12"] = "12:0",
        ["12:group"] = "12:77", ["0:0"] = "0:0", root = "0:0", [""] = "0:0",
      } do
        assert.is_true(c:write_file("/data/u", "x", { user = user }))
        assert.equal(owner, (look "/data/u":match "%d+:%d+"), user)
        os.remove(host "/data/u")
      end
    end)

    it("is not made for a user who is not there", function()
      for _, user in ipairs { "nobody-here", "lab:nothing", "nothing:lab", "lab:", ":", "4294967295" } do
        local err = failure("NoSuchUser", c:write_file("/data/f", "x", { user = user }))
        assert.equal(0x525, err.code)
        support.contains("'" .. user .. "'", err.message)
        assert.is_nil(lfs.attributes(host "/data/f"))
      end
      failure("InvalidParameter", c:write_file("/data/f", "x", { user = "la\0b" }))
    end)

    it("is there complete or not at all", function()
      local size = 8 << 20
        local watcher = assert(c:create_process { "sh", "-c",
        "echo; while [ ! -e /data/f ]; do :; done; stat -c %s:%u:%a /data/f", CreateStdOutPipe = true })
      local output = assert(watcher:stdout())
      assert.equal("", output:read "l")
      assert.is_true(c:write_file("/data/f", ("x"):rep(size), { user = "lab", mode = octal "640" }))
      assert.equal(size .. ":1000:640", output:read "l")
      assert.equal(0, watcher:wait(20))
      watcher:close()
      output:close()
    end)

    it("leaves nothing behind when there is no room for it", function()
      local err = failure("DiskFull", c:write_file("/small/f", ("x"):rep(1 << 20)))
      assert.equal("ENOSPC", err.errno)
      support.contains("'/small/f'", err.message)
      assert.equal("", shell("ls -A " .. host "/small"))
      assert.is_true(c:write_file("/small/f", ("x"):rep(500 << 10)))
    end)

    it("needs its directory, and the error names the missing one", function()
      local err = failure("FileNotFound", c:write_file("/data/a/b/f", "x"))
      assert.equal(0x2, err.code)
      support.contains("'/data/a/b/f': the container has no directory '/data/a'", err.message)
      support.contains("no directory '/nowhere'", failure("FileNotFound", c:read_file "/nowhere/f").message)
      support.contains("no directory 'x'", failure("FileNotFound", c:write_file("x/y", "")).message)
      support.contains("no file '/data/f'", failure("FileNotFound", c:read_file "/data/f").message)
      assert.equal("hcs::System::ReadFile", err.operation:gsub("Write", "Read"))
    end)

    it("appears where a link that leads nowhere says", function()
      shell(("cd %s; ln -s target relative; ln -s /data/relative second; ln -s ../data/directory/../target up; " ..
        "ln -s /no/where lost"):format(host "/data"))
      for _, link in ipairs { "relative", "second", "up" } do
        assert.is_true(c:write_file("/data/" .. link, link))
        assert.equal(link, support.read_file(host "/data/target"))
        assert.equal("link", lfs.symlinkattributes(host "/data/" .. link, "mode"))
        os.remove(host "/data/target")
      end
      support.contains("no directory '/no'", failure("FileNotFound", c:write_file("/data/lost", "x")).message)
      failure("FileNotFound", c:read_file "/data/relative")
      shell(("cd %s; rm relative second up lost"):format(host "/data"))
    end)

    it("is made by name where there are no nameless files", function()
      -- Before Linux 6.1 overlayfs has none: a library in front of libc says so.
      local source = support.write_file(folder .. "/no_tmpfile.c", [[
        #define _GNU_SOURCE
        #include <dlfcn.h>
        #include <errno.h>
        #include <fcntl.h>
        int openat(int dir, const char *path, int flags, ...) {
          int (*next)(int, const char *, int, int) = dlsym(RTLD_NEXT, "openat");
          __builtin_va_list list; __builtin_va_start(list, flags);
          int mode = __builtin_va_arg(list, int); __builtin_va_end(list);
          if ((flags & O_TMPFILE) == O_TMPFILE) { errno = EOPNOTSUPP; return -1; }
          return next(dir, path, flags, mode);
        }
        int openat64(int dir, const char *path, int flags, ...) __attribute__((alias("openat")));
      ]])
      shell(("cc -shared -fPIC -o %s/no_tmpfile.so %s"):format(folder, source))
      local script = support.write_file(folder .. "/client.lua", [[
        local c = assert(require "hcs".open_container(...))
        print(c:write_file("/data/f", "by name", { user = "lab", mode = 384 }))
        print(select(2, c:write_file("/small/f", ("x"):rep(1 << 20))).name)
        print(select(2, c:write_file("/readonly/f", "x")).errno)
      ]])
      local preload = (os.getenv "LD_PRELOAD" or "") .. " " .. folder .. "/no_tmpfile.so"
      local output = shell(("LD_PRELOAD='%s' %s %s %s"):format(preload, support.lua(), script, c:id()))
      assert.equal("true\nDiskFull\nEROFS\n", output)
      assert.equal("by name", c:read_file "/data/f")
      assert.equal("600 1000:1000 regular file", look "/data/f")
    end)
  end)

  describe("a file that write_file changes", function()
    before_each(function()
      assert(c:write_file("/data/f", "before\n", { mode = octal "4751", user = "12:13" }))
    end)

    it("keeps its inode, owner, mode and hard links", function()
      shell(("ln %s %s"):format(host "/data/f", host "/data/other"))
      local before = inode "/data/f"
      for _, data in ipairs { "much longer than it was before\n", "", "short" } do
        assert.is_true(c:write_file("/data/f", data))
        assert.equal(data, c:read_file "/data/other")
      end
      assert.equal(before, inode "/data/f")
      assert.equal("4751 12:13 regular file", look "/data/f")
    end)

    it("gets the owner and the mode that are asked for", function()
      assert.is_true(c:write_file("/data/f", "x", { mode = octal "600" }))
      assert.equal("600 12:13 regular file", look "/data/f")
      assert.is_true(c:write_file("/data/f", "x", { user = "lab", mode = octal "2755" }))
      assert.equal("2755 1000:1000 regular file", look "/data/f")
      assert.is_true(c:write_file("/data/f", "x", { user = "" }))
      assert.equal("2755 1000:1000 regular file", look "/data/f")
    end)

    it("loses set-id bits with its owner, as with chown", function()
      assert.is_true(c:write_file("/data/f", "x", { user = "root" }))
      assert.equal("751 0:0 regular file", look "/data/f")
    end)

    it("stays as it was when there is no room for the new content", function()
      for _, old in ipairs { "old", ("old"):rep(40 << 10) } do
        assert.is_true(c:write_file("/small/f", old, { mode = octal "640", user = "lab" }))
        local used = shell("stat -f -c %f " .. host "/small")
        local err = failure("DiskFull", c:write_file("/small/f", ("x"):rep(1 << 20), { mode = 0, user = "root" }))
        support.contains("'/small/f' stays as it is", err.message)
        assert.is_true(old == c:read_file "/small/f")
        assert.equal("640 1000:1000 regular file", look "/small/f")
        assert.equal(used, shell("stat -f -c %f " .. host "/small"))
      end
    end)

    it("stays as it was when the program itself may write no more", function()
      local script = support.write_file(os.tmpname(), [[
        local c = assert(require "hcs".open_container(...))
        local ok, err = c:write_file("/data/f", ("x"):rep(100000))
        print(ok, err.errno, err.message:match "ulimit")
        print(c:write_file("/data/g", ("x"):rep(100)))
      ]])
      local output = shell(("ulimit -f 8; %s %s %s"):format(support.lua(), script, c:id()))
      os.remove(script)
      assert.equal("nil\tEFBIG\tulimit\ntrue\n", output)
      assert.equal("before\n", c:read_file "/data/f")
    end)

    it("is refused where it is read-only", function()
      for _, path in ipairs { "/readonly/file", "/readonly/new" } do
        local err = failure("VmcomputeOperationAccessIsDenied", c:write_file(path, "x"))
        assert.equal("EROFS", err.errno)
        support.contains("'" .. path .. "'", err.message)
      end
      assert.equal("fixed\n", c:read_file "/readonly/file")
    end)

    it("may stand in a mapped directory, and is the host's then", function()
      local given = support.write_file(folder .. "/given", "given\n")
      local mapped <close> = assert(hcs.create_container(nil, support.config { MappedDirectories = {
        { HostPath = folder, ContainerPath = "/mnt/rw" },
        { HostPath = folder, ContainerPath = "/mnt/ro", ReadOnly = true },
      } }))
      assert.equal("given\n", mapped:read_file "/mnt/ro/given")
      assert.equal("EROFS", failure("VmcomputeOperationAccessIsDenied", mapped:write_file("/mnt/ro/given", "x")).errno)
      assert.equal("EROFS", failure("VmcomputeOperationAccessIsDenied", mapped:write_file("/mnt/ro/new", "x")).errno)
      assert.is_true(mapped:write_file("/mnt/rw/given", "changed\n"))
      assert.is_true(mapped:write_file("/mnt/rw/new", "made\n", { user = "lab" }))
      assert.equal("changed\n", support.read_file(given))
      assert.equal("made\n", support.read_file(folder .. "/new"))
      assert.equal(1000, lfs.attributes(folder .. "/new", "uid"))
    end)

    it("is refused while it is executed", function()
      shell(("cp %s/bin/busybox %s"):format(support.layer(), host "/data/sleep"))
      local p <close> = assert(c:create_process { "/data/sleep", "1000" })
      local err = failure("Busy", c:write_file("/data/sleep", "x"))
      assert.equal("ETXTBSY", err.errno)
      assert(p:kill())
      assert(p:wait(20))
      assert.is_true(c:write_file("/data/sleep", "x"))
    end)
  end)

  describe("a path", function()
    -- Both calls must fail, with this error.
    local function both(name, path)
      support.contains(path, failure(name, c:read_file(path)).message)
      return failure(name, c:write_file(path, "x"))
    end

    it("is no directory", function()
      for _, path in ipairs { "/", "//", ".", "..", "/data", "/data/directory/", "/data/.", "/data/directory/.." } do
        assert.equal("EISDIR", both("Directory", path).errno)
      end
      assert.equal(0x10B, failure("Directory", c:write_file("/data/new/", "x")).code)
      assert.is_nil(lfs.attributes(host "/data/new"))
      assert(c:write_file("/data/f", "x"))
      for _, path in ipairs { "/data/f/", "/data/f/g", "/data/f/../f" } do
        assert.equal("ENOTDIR", both("Directory", path).errno)
      end
    end)

    it("is not empty, has no NUL byte and no name that is too long", function()
      failure("InvalidParameter", c:read_file "")
      failure("InvalidParameter", c:write_file("", "x"))
      failure("InvalidParameter", c:read_file "/data/\0f")
      failure("InvalidParameter", c:write_file("/data/f\0", "x"))
      for _, path in ipairs { "/data/" .. ("n"):rep(256), ("d/"):rep(3000) .. "f", ("/data/.."):rep(600) .. "/f" } do
        failure("InvalidParameter", c:read_file(path))
        failure("InvalidParameter", c:write_file(path, "x"))
      end
      assert.is_true(c:write_file("/data/" .. ("n"):rep(255), "x"))
      assert.is_true(c:write_file("/data/new\nline \xFF ünïcode", "x"))
      assert.equal("x", c:read_file "/data/new\nline \xFF ünïcode")
    end)

    it("is no FIFO, socket or device: they are refused, not opened", function()
      shell(("cp -a %s/%s/s %s"):format(support.residue.state_directory(), c:id(), host "/data/socket"))
      for name, kind in pairs {
        fifo = "FIFO", socket = "socket", null = "character device", disk = "block device",
      } do
        support.contains("is a " .. kind .. ", not a regular file", both("InvalidParameter", "/data/" .. name).message)
        shell(("ln -sf %s %s"):format(name, host "/data/link"))
        both("InvalidParameter", "/data/link")
      end
      both("InvalidParameter", "/dev/null")
      os.remove(host "/data/link")
    end)

    it("is none of the kernel's own files", function()
      for _, path in ipairs { "/proc/meminfo", "/proc/1/environ", "/proc/sys/kernel/hostname", "/sys/kernel/notes" } do
        support.contains("file system", both("InvalidParameter", path).message)
      end
      for _, path in ipairs { "/proc/new", "/sys/new", "/dev/mqueue/new" } do
        failure("InvalidParameter", c:write_file(path, "x"))
      end
      -- What a container puts in the way of an innocent path is refused as well.
      inside "ln -s /proc/sys/kernel/hostname /data/link"
      both("InvalidParameter", "/data/link")
      os.remove(host "/data/link")
    end)

    it("does not lead out of the container", function()
      local up = ("../"):rep(20)
      for _, target in ipairs { folder .. "/secret", up .. folder .. "/secret", "/.." .. folder .. "/secret" } do
        shell(("ln -sf %s %s"):format(target, host "/data/link"))
        failure("FileNotFound", c:read_file "/data/link")
        failure("FileNotFound", c:write_file("/data/link", "x"))
        failure("FileNotFound", c:read_file(target))
        failure("FileNotFound", c:write_file(target, "x"))
      end
      -- A directory that leads up, and a file of the same name inside.
      shell(("ln -sfn / %s; ln -sf %s/etc/passwd %s"):format(host "/data/up", up, host "/data/link"))
      assert.equal(support.read_file(host "/etc/passwd"), c:read_file "/data/link")
      assert.equal(support.read_file(host "/etc/passwd"), c:read_file "/data/up/etc/passwd")
      shell(("cd %s; rm up link"):format(host "/data"))
    end)

    it("does not go through links of /proc", function()
      inside "ln -s /proc/1/root/etc/passwd /data/link"
      for _, path in ipairs {
        "/data/link", "/proc/1/root/etc/passwd", "/proc/1/cwd/etc/passwd", "/proc/1/fd/0", "/proc/1/exe",
      } do
        local err = both("VmcomputeOperationAccessIsDenied", path)
        assert.equal("ELOOP", err.errno)
      end
      -- Our own process is not in the container's /proc.
      failure("FileNotFound", c:read_file "/proc/self/fd/0")
      failure("FileNotFound", c:read_file(("/proc/%d/root%s/secret"):format(support.pid(), folder)))
      os.remove(host "/data/link")
    end)

    it("is followed only so far", function()
      shell(("cd %s; ln -s b a; ln -s a b"):format(host "/data"))
      both("VmcomputeOperationAccessIsDenied", "/data/a")
      both("VmcomputeOperationAccessIsDenied", "/data/a/f")
      shell(("cd %s; rm a b"):format(host "/data"))
    end)

    it("changes its meaning under the call, and nothing waits or leads out", function()
      local swapper = assert(c:create_process { "sh", "-c", [[
        cd /data
        echo
        while :; do
          ln -sf fifo x; ln -sf $0 x; rm x; echo inside > x; rm x; mkdir x; rmdir x; ln -s /proc/1/root x
        done
      ]], folder .. "/secret", CreateStdOutPipe = true })
      local output = assert(swapper:stdout())
      assert.equal("", output:read "l")
      local allowed = {
        FileNotFound = true, InvalidParameter = true, Directory = true, Busy = true,
        VmcomputeOperationAccessIsDenied = true,
      }
      local contents = { [""] = true, ["inside\n"] = true, ["inside\n\0"] = true, ["outside\n"] = true }
      for _ = 1, support.rounds(300) do
        local data, err = c:read_file "/data/x"
        -- Room for the new bytes is made before the old ones are changed.
        if data then assert(contents[data], ("%q"):format(data))
        else assert.is_true(allowed[err.name], tostring(err)) end
        local written
        written, err = c:write_file("/data/x", "outside\n")
        assert.is_true(written or allowed[err.name], tostring(err))
      end
      assert(swapper:kill())
      assert(swapper:wait(20))
      swapper:close()
      output:close()
      shell("rm -rf " .. host "/data/x")
    end)
  end)

  describe("read_file", function()
    it("ends, though the file grows all the time", function()
      local writer = assert(c:create_process { "sh", "-c", "echo; while :; do echo more; done | tee /data/f",
        CreateStdOutPipe = true })
      local output = assert(writer:stdout())
      assert(output:read "l")
      for _ = 1, support.rounds(50) do
        local size = lfs.attributes(host "/data/f", "size") or 0
        local data = c:read_file "/data/f" or ""
        assert.is_true(#data >= size)
        output:read_some()
      end
      output:close()
      assert(c:run { "killall", "-9", "sh", "tee" })
      assert(writer:wait(20))
      writer:close()
    end)

    it("reads 64 MiB, and says what to do about more #once", function()
      local limit = 64 << 20
      shell(("truncate -s %d %s"):format(limit + 1, host "/data/f"))
      local err = failure("GenFailure", c:read_file "/data/f")
      assert.equal("EFBIG", err.errno)
      support.contains(tostring(limit), err.message)
      shell(("truncate -s %d %s"):format(1 << 40, host "/data/f"))
      assert.equal("EFBIG", failure("GenFailure", c:read_file "/data/f").errno)
      shell(("truncate -s %d %s"):format(limit, host "/data/f"))
      assert.equal(limit, #assert(c:read_file "/data/f"))
    end)

    it("does not wait for who holds a lease on the file", function()
      -- F_SETLEASE is 1024, F_WRLCK 1.
      local lab <close> = assert(hcs.create_container(nil, {
        Layers = { { Path = "/" } }, TerminateOnLastHandleClosed = true,
      }))
      assert(lab:start())
      assert(lab:write_file("/tmp/f", "x"))
      local holder = assert(lab:create_process { "perl", "-e", [[
        $SIG{IO} = "IGNORE"; $| = 1;
        open F, "+<", "/tmp/f" or die; fcntl F, 1024, 1 or die "$!"; print "held\n"; sleep 1000
      ]], CreateStdOutPipe = true })
      local output = assert(holder:stdout())
      assert.equal("held", output:read "l")
      failure("Busy", lab:read_file "/tmp/f")
      support.contains("lease", failure("Busy", lab:write_file("/tmp/f", "y")).message)
      holder:close()
      output:close()
    end)
  end)

  describe("whom a file belongs to", function()
    -- The container's user files are whatever it has made of them.
    local function with(name, script)
      shell(("cd %s/etc; cp -p %s saved; rm %s; %s"):format(root, name, name, script))
      local ok, problem = pcall(function()
        failure("NoSuchUser", c:write_file("/data/f", "x", { user = "lab:group" }))
        assert.is_true(c:write_file("/data/f", "x", { user = "1:2" }))
        os.remove(host "/data/f")
      end)
      shell(("cd %s/etc; rm -rf %s; mv saved %s"):format(root, name, name))
      assert(ok, problem)
    end

    it("is looked up in regular files only, inside the root only", function()
      for _, name in ipairs { "passwd", "group" } do
        for _, script in ipairs {
          "true", "mkfifo " .. name, "mkdir " .. name, "ln -s /dev/zero " .. name,
          "ln -s /proc/1/root/etc/group " .. name,
          ("ln -s %s/secret %s"):format(folder, name), "truncate -s 1G " .. name, ("ln -s %s %s"):format(name, name),
        } do
          with(name, script)
        end
      end
    end)
  end)

  describe("files of a container", function()
    it("that has ended are gone", function()
      assert(c:terminate())
      assert(c:wait(20))
      for _, err in ipairs {
        failure(0xC0370110, c:read_file "/etc/passwd"), failure(0xC0370110, c:write_file("/data/f", "x")),
      } do
        assert.is_true(hcs.is_already_stopped(err))
      end
    end)

    it("whose guest was killed are gone, too", function()
      support.shell("kill -KILL " .. support.guest_of(c))
      failure("VmcomputeUnexpectedExit", c:wait(20))
      failure(0xC0370110, c:read_file "/etc/passwd")
    end)

    it("that is closed are not reached", function()
      c:close()
      failure("AlreadyClosed", c:read_file "/etc/passwd")
      failure("AlreadyClosed", c:write_file("/data/f", "x"))
    end)

    it("are reached by every client", function()
      local other <close> = assert(hcs.open_container(c:id()))
      assert.is_true(other:write_file("/data/f", "shared"))
      assert.equal("shared", c:read_file "/data/f")
    end)
  end)
end)

support.nothing_left()
