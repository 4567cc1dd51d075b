-- An interactive shell in a container of its own, from a terminal: sudo lua5.4 examples/shell.lua [layer]
-- What it writes goes with it. Ends with the shell's exit code.
local hcs = require "hcs"
local layer = arg[1] or os.getenv "HCS_BASE_LAYER" or "/var/lib/hcs/layers/busybox"

local function main()
  local c <close> = assert(hcs.create_container(nil, {
    Name = "shell",
    HostName = "container",
    Layers = { { Path = layer } },
    TerminateOnLastHandleClosed = true,
  }))
  assert(c:start())
  local shell <close> = assert(c:create_process {
    "sh", "-i",
    EmulateConsole = true,
    WorkingDirectory = "/root",
    -- The program inside draws for the terminal outside. What shells replace in a prompt differs, so it has nothing.
    Environment = { TERM = os.getenv "TERM", PS1 = "container# " },
  })
  return assert(shell:interact())
end

os.exit(main(), true)
