-- A service in a container: a web server, several clients at once, one loop over all their outputs, and
-- an orderly end. Everything happens inside: the container's network is its own loopback device.
local hcs = require "hcs"
local layer = os.getenv "HCS_BASE_LAYER" or "/var/lib/hcs/layers/busybox"

local c <close> = assert(hcs.create_container(nil, {
  Name = "service",
  Layers = { { Path = layer } },
  TerminateOnLastHandleClosed = true,
}))
assert(c:start())

-- Three pages. They go into the scratch, the layer is never written.
for page = 1, 3 do
  assert(c:run({ "sh", "-c", "mkdir -p /srv && cat > /srv/$0", "page" .. page },
    { input = "this is page " .. page .. "\n", check = true }))
end

local server = assert(c:create_process { "httpd", "-f", "-vv", "-p", "127.0.0.1:8080", "-h", "/srv",
  CreateStdErrPipe = true })
local log = assert(server:stderr())

-- A client tries until the server listens.
local fetch = "until wget -q -O - http://127.0.0.1:8080/$0 2>/dev/null; do usleep 10000; done"
local clients, streams = {}, { log }
for page = 1, 3 do
  local process = assert(c:create_process { "sh", "-c", fetch, "page" .. page, CreateStdOutPipe = true })
  local stream = assert(process:stdout())
  clients[stream] = process
  table.insert(streams, stream)
end

-- One loop reads them all: whatever has bytes, or its end, is ready.
local requests = 0
while #streams > 1 do
  local ready = assert(hcs.poll(streams, 30))
  assert(#ready > 0, "nothing to read for 30 seconds")
  for _, stream in ipairs(ready) do
    local text, err = stream:read_some(0)
    assert(not err, err)
    if stream == log then
      assert(text, "the server ended early")
      requests = requests + select(2, text:gsub("url:", ""))
    elseif text then
      io.write(text)
    else
      assert(clients[stream]:wait() == 0)
      for i, other in ipairs(streams) do
        if other == stream then table.remove(streams, i) break end
      end
    end
  end
end

-- SIGTERM to every process; the container ends when the last is gone.
assert(c:shutdown())
assert(c:wait(10))
requests = requests + select(2, assert(log:read "a"):gsub("url:", ""))
print("requests served", requests)
print("server ended by", server:exit_signal())
