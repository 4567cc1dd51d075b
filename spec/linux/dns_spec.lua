-- /etc/resolv.conf: DNSSearchList, AllowUnqualifiedDNSQuery, and the name servers that go with a network.
local hcs = require "hcs"
local lfs = require "lfs"
local support = require "spec.support.linux"

local contains, failure = support.contains, support.failure

local name = ("hsdns%d"):format(support.pid())

local folder, count = nil, 0

local function new_path(suffix)
  count = count + 1
  return ("%s/%d%s"):format(folder, count, suffix or "")
end

-- A new layer that a script makes.
local function new_layer(script)
  local path = new_path "-layer"
  assert(lfs.mkdir(path))
  support.shell("cd " .. path .. "; " .. script)
  return path
end

setup(function() folder = support.temporary_folder() end)
teardown(function() support.remove(folder) end)

local function inside(c, script)
  return assert(c:run({ "sh", "-c", script }, { check = true, timeout = 20 })).stdout
end

local function container(extra, layer)
  if layer then extra.Layers = { { Path = layer }, { Path = support.layer() } } end
  return support.container(extra)
end

local function resolv(extra)
  local c <close> = container(extra)
  return inside(c, "cat /etc/resolv.conf")
end

-- The lines of a text that say something to a resolver (resolv.conf(5)).
local known = { nameserver = true, search = true, domain = true, options = true, sortlist = true }
local function settings(text)
  local list = {}
  for line in text:gmatch "[^\n]+" do
    local key, rest = line:match "^%s*(%l+)%s+(.-)%s*$"
    if known[key] then list[#list + 1] = key .. " " .. rest:gsub("%s+", " ") end
  end
  return table.concat(list, "\n")
end

describe("resolv.conf", function()
  it("names no server in a network of one's own, and nothing of the host's", function()
    assert.equal("", settings(resolv {}))
  end)

  it("has the host's name servers in the host's network", function()
    local host = lfs.attributes "/etc/resolv.conf" and support.read_file "/etc/resolv.conf" or ""
    assert.equal(settings(host), settings(resolv { NetworkSharedContainerName = "/proc/self/ns/net" }))
  end)

  it("has DNSSearchList instead of the host's, in the order given", function()
    local text = resolv { DNSSearchList = "lab.example, example.org" }
    assert.equal("search lab.example example.org\noptions no-tld-query", settings(text))
    text = resolv { DNSSearchList = "lab.example", NetworkSharedContainerName = "/proc/self/ns/net" }
    assert.equal(1, select(2, text:gsub("%f[%w]search ", "")))
    contains("search lab.example\n", text)
  end)

  it("lets a name without a dot be asked for as it is with AllowUnqualifiedDNSQuery", function()
    assert.equal("search lab.example",
      settings(resolv { DNSSearchList = "lab.example", AllowUnqualifiedDNSQuery = true }))
  end)

  it("goes with the network to who shares it", function()
    local owner <close> = container { NetworkSharedContainerName = "/proc/self/ns/net" }
    local text = inside(owner, "cat /etc/resolv.conf")
    inside(owner, "echo nameserver 6.6.6.6 > /etc/resolv.conf")
    -- What the host says, not what the owner's processes have written.
    assert.equal(text, resolv { NetworkSharedContainerName = owner:id() })
    local own <close> = container {}
    assert.equal("", settings(resolv { NetworkSharedContainerName = own:id() }))
  end)

  it("is refused by the name of the field if the list is none", function()
    for _, list in ipairs { "a..b", "a,,b", "a b", "-\n", ("x."):rep(128) } do
      contains("config.DNSSearchList: ", failure("InvalidParameter",
        hcs.create_container(nil, support.config { DNSSearchList = list })).message)
    end
  end)

  it("is a mounted file: written into no layer, no scratch and no volume", function()
    local layer = new_layer "mkdir etc; echo image > etc/resolv.conf"
    local scratch = new_path "-scratch"
    local c <close> = container({ DNSSearchList = "lab", LayerFolderPath = scratch }, layer)
    contains("search lab", inside(c, "cat /etc/resolv.conf"))
    assert.equal("image\n", support.read_file(layer .. "/etc/resolv.conf"))
    c:close()
    assert.is_nil(lfs.attributes(scratch .. "/upper/etc/resolv.conf"))

    local volume = new_path "-volume"
    support.shell(("cp -a %s %s; echo volume > %s/etc/resolv.conf"):format(support.layer(), volume, volume))
    local v <close> = assert(hcs.create_container(nil,
      { VolumePath = volume, DNSSearchList = "lab", TerminateOnLastHandleClosed = true }))
    assert(v:start())
    contains("search lab", inside(v, "cat /etc/resolv.conf; echo own > /etc/resolv.conf"))
    assert.equal("own\n", inside(v, "cat /etc/resolv.conf"))
    assert.equal("volume\n", support.read_file(volume .. "/etc/resolv.conf"))
  end)

  it("lies where the image's link leads, or in its place where that leads nowhere", function()
    local daemon = "/run/systemd/resolve/stub-resolv.conf"
    for script, place in pairs {
      ["mkdir etc; ln -s ../usr/resolv etc/resolv.conf; mkdir usr; echo image > usr/resolv"] = "/usr/resolv",
      ["mkdir etc; ln -s .." .. daemon .. " etc/resolv.conf"] = "/etc/resolv.conf",
      ["mkdir etc; ln -s " .. daemon .. " etc/resolv.conf; ln -s /nowhere etc/hosts"] = "/etc/resolv.conf",
      -- The way is the image's, not the host's.
      ["mkdir etc; ln -s " .. folder .. " etc/resolv.conf"] = "/etc/resolv.conf",
    } do
      local c <close> = container({ DNSSearchList = "lab" }, new_layer(script))
      contains("search lab", inside(c, "cat /etc/resolv.conf"))
      contains("localhost", inside(c, "cat /etc/hosts"))
      contains(" " .. place .. " ", inside(c, "cat /proc/self/mountinfo"))
    end
  end)

  it("is left out where there is no place for it", function()
    for _, script in ipairs { "mkdir -p etc/resolv.conf", "mkdir etc; ln -s /proc/version etc/resolv.conf",
      "mkdir etc; ln -s resolv.conf etc/resolv.conf", "mkdir etc; ln -s /dev/null etc/resolv.conf" } do
      local c <close> = container({ DNSSearchList = "lab" }, new_layer(script))
      assert.not_matches(" [^ ]*resolv.conf ", inside(c, "cat /proc/self/mountinfo"))
      contains("localhost", inside(c, "cat /etc/hosts"))
    end
    local volume = new_path "-volume"
    support.shell(("cp -a %s %s; rm -f %s/etc/resolv.conf"):format(support.layer(), volume, volume))
    local v <close> = assert(hcs.create_container(nil,
      { VolumePath = volume, DNSSearchList = "lab", TerminateOnLastHandleClosed = true }))
    assert(v:start())
    assert.is_nil(lfs.attributes(volume .. "/etc/resolv.conf"))
  end)
end)

describe("resolv.conf in a namespace with a name", function()
  local made_folder, path
  setup(function()
    made_folder = not support.read_file "/proc/self/mountinfo":find " /run/netns "
    support.shell(("ip netns add %s && mkdir -p /etc/netns/%s"):format(name, name))
    path = ("/etc/netns/%s/resolv.conf"):format(name)
  end)
  teardown(function()
    support.shell(("rm -r /etc/netns/%s; rmdir /etc/netns 2>&- || :; ip netns delete %s"):format(name, name))
    if made_folder then support.shell "umount /run/netns" end
  end)

  it("has that namespace's name servers, also for who shares it by a container", function()
    support.write_file(path, "nameserver 10.9.8.1\nsearch lab\n")
    for _, run in ipairs { "/run", "/var/run" } do
      local c <close> = container { NetworkSharedContainerName = run .. "/netns/" .. name }
      assert.equal("nameserver 10.9.8.1\nsearch lab\n", inside(c, "cat /etc/resolv.conf"))
      assert.equal("nameserver 10.9.8.1\nsearch lab\n", resolv { NetworkSharedContainerName = c:id() })
    end
  end)

  it("has the host's where the namespace has none", function()
    os.remove(path)
    assert.equal(resolv { NetworkSharedContainerName = "/proc/self/ns/net" },
      resolv { NetworkSharedContainerName = "/run/netns/" .. name })
  end)
end)

-- Asks for a name, and prints what the C library's resolver asks the name server at 127.0.0.1 for.
local resolver_source = [[
  #include <arpa/inet.h>
  #include <resolv.h>
  #include <stdio.h>
  #include <string.h>
  #include <sys/socket.h>
  #include <unistd.h>
  static void serve(int s) {
    unsigned char q[512];
    struct sockaddr_in from;
    socklen_t size = sizeof from;
    for (;;) {
      long n = recvfrom(s, q, sizeof q, 0, (void *)&from, &size), at;
      if (n < 13) continue;
      for (at = 12; q[at] != 0; at += q[at] + 1) printf("%.*s.", q[at], q + at + 1);
      puts(""), fflush(stdout);
      q[2] = 0x81, q[3] = 0x83; /* NXDOMAIN */
      sendto(s, q, n, 0, (void *)&from, size);
    }
  }
  int main(int argc, char **argv) {
    struct sockaddr_in here = {AF_INET, htons(53), {htonl(INADDR_LOOPBACK)}, {0}};
    unsigned char answer[512];
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (argc != 2 || bind(s, (void *)&here, sizeof here)) return perror("bind"), 1;
    if (fork() == 0) alarm(10), serve(s);
    close(s);
    return res_search(argv[1], 1, 1, answer, sizeof answer) >= 0;
  }
]]

describe("a process that asks for a name", function()
  local layer
  setup(function()
    layer = new_layer "mkdir bin"
    support.write_file(layer .. "/ask.c", resolver_source)
    support.shell(("cc -static -O1 -o %s/bin/ask %s/ask.c -lresolv"):format(layer, layer))
  end)

  local function asked(question, extra)
    local c <close> = container(extra, layer)
    return (inside(c, "ask " .. question .. " > /asked; cat /asked"))
  end

  it("asks in the domains of DNSSearchList, and as it is only with AllowUnqualifiedDNSQuery", function()
    local list = "lab.example,example.org"
    assert.equal("web.lab.example.\nweb.example.org.\n", asked("web", { DNSSearchList = list }))
    assert.equal("web.lab.example.\nweb.example.org.\nweb.\n",
      asked("web", { DNSSearchList = list, AllowUnqualifiedDNSQuery = true }))
    assert.equal("web.\n", asked("web.", { DNSSearchList = list }))
    assert.equal("a.b.\na.b.lab.example.\na.b.example.org.\n", asked("a.b", { DNSSearchList = list }))
    assert.equal("web.\n", asked("web", {}))
  end)
end)

support.nothing_left()
