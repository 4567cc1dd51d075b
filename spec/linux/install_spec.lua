-- The rock installs from a clean checkout and works with the checkout gone.
local lfs = require "lfs"
local support = require "spec.support.linux"

-- lua-cjson comes from Debian here, which luarocks does not know of: hence --deps-mode none.
local luarocks = "luarocks --lua-version 5.4"

describe("the rock #once", function()
  local folder

  setup(function() folder = support.temporary_folder() end)
  teardown(function() support.remove(folder) end)

  it("has a rockspec that luarocks accepts", function()
    support.shell(luarocks .. " lint rockspec/hcs-scm-1.rockspec")
  end)

  it("names for Windows every file that is compiled or loaded there", function()
    local rockspec = {}
    assert(loadfile("rockspec/hcs-scm-1.rockspec", "t", rockspec))()
    local modules = rockspec.build.platforms.windows.modules

    local sources = support.shell "LC_ALL=C ls lhcs.c hcs/*.c hcs/windows/*.c"
    assert.equal(sources, table.concat(modules["hcs.core"].sources, "\n") .. "\n")

    local named = { ["hcs.core"] = modules["hcs.core"] }
    for path in support.shell("ls lua/hcs/*.lua"):gmatch "[^\n]+" do
      named[path:match("^lua/(.*)%.lua$"):gsub("/init$", ""):gsub("/", ".")] = path
    end
    assert.same(named, modules)
  end)

  it("installs into an empty tree and starts a container from there, the checkout gone", function()
    local checkout, tree = folder .. "/checkout", folder .. "/tree"
    assert(lfs.mkdir(checkout))
    -- What is in version control, as it is in the working tree.
    support.shell("git ls-files -z | xargs -0 sh -c 'cp -P --parents \"$@\" " .. checkout .. "' --")
    support.shell(("cd %s && %s make --tree %s --deps-mode none rockspec/hcs-scm-1.rockspec"):format(
      checkout, luarocks, tree))
    support.remove(checkout)

    local script = support.write_file(folder .. "/script.lua", ([[
      local hcs = require "hcs"
      assert(package.searchpath("hcs", package.path):find(%q, 1, true) == 1)
      assert(package.searchpath("hcs.core", package.cpath):find(%q, 1, true) == 1)
      local c <close> = assert(hcs.create_container(nil,
        { Layers = { { Path = %q } }, TerminateOnLastHandleClosed = true }))
      assert(c:start())
      io.write(assert(c:run({ "echo", "from the rock" }, { check = true })).stdout)
    ]]):format(tree, tree, support.layer()))
    local output = support.shell(([[
      cd / && unset LUA_INIT LUA_INIT_5_4 LUA_PATH_5_4 LUA_CPATH_5_4
      tree=%s/share/lua/5.4
      LUA_PATH="$tree/?.lua;$tree/?/init.lua;;" LUA_CPATH="%s/lib/lua/5.4/?.so;;" lua5.4 %s]]):format(
      tree, tree, script))
    assert.equal("from the rock\n", output)
  end)

  it("installs with make alone as well", function()
    local root = folder .. "/root"
    support.shell("make -s install PREFIX=/usr DESTDIR=" .. root)
    assert.equal("file", lfs.attributes(root .. "/usr/share/lua/5.4/hcs/init.lua", "mode"))
    assert.equal("file", lfs.attributes(root .. "/usr/lib/lua/5.4/hcs/core.so", "mode"))
  end)
end)

support.nothing_left()
