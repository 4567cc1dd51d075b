-- A service that is lost, late, old or not there at all. Each has a program of its own, which ends with it.
local hcs = require "hcs"
local support = require "spec.support.windows"

describe("a service that is lost #standin", function()
  -- The same program sees it come back: only notifications are gone.
  it("releases every waiter, and every poll", function()
    local output = support.program({}, [[
      local c = support.container()
      local p = assert(c:create_process(support.puppet("sleep", 1000)))
      assert(#hcs.poll({ c, p }, 0) == 0)
      support.standin.tell { Do = "Disconnect", Calls = true }
      print(#assert(hcs.poll({ c }, 10)), #assert(hcs.poll({ p }, 10)))
      for _, call in ipairs {
        function() return p:wait() end, function() return c:wait() end, function() return c:run("x") end,
        function() return c:pause() end, function() return hcs.open_container(c:id()) end,
        function() return hcs.create_container(nil, support.config()) end, function() return hcs.get_containers() end,
      } do
        local result, err = call()
        print(result, err.name)
      end
      print(p:close(), c:close())
      print(tostring(c) == "hcs.container: " .. c:id() .. " (closed)")
    ]])
    assert.equal("1\t1\n" .. ("nil\tUnexpectedProcessAbort\n"):rep(2) .. ("nil\t0x6ba\n"):rep(5)
      .. "true\ttrue\ntrue\n", output)
  end)
end)

describe("a service that is late #standin", function()
  for _, row in ipairs {
    { "SYSTEMCREATE", "HcsCreateComputeSystem", "hcs.create_container('late', support.config())" },
    { "SYSTEMPAUSE", "HcsPauseComputeSystem", "c:pause()" },
    { "SYSTEMRESUME", "HcsResumeComputeSystem", "c:resume()" },
  } do
    local variable, call, chunk = "HCSSHIM_TIMEOUT_" .. row[1], row[2], row[3]
    it("is waited for as long as " .. variable .. " says", function()
      local output = support.program({ [variable] = 1 }, ([[
        local c = support.container()
        if %q == "c:resume()" then assert(c:pause()) end
        support.standin.tell { On = %q, Notify = "never" }
        local begin = require "hcs.core".clock()
        local result, err = %s
        local seconds = (require "hcs.core".clock() - begin) / 1e9
        print(result, hcs.is_timeout(err), seconds >= 1 and seconds < 10)
        support.contains(%q, err.message)
        print(hcs.is_not_exist(select(2, hcs.open_container "late")))
        assert(c:terminate())
        print(c:wait(10), c:close())
        print(#support.standin.report().Complaints)
      ]]):format(chunk, call, chunk, variable))
      assert.equal("nil\ttrue\ttrue\ntrue\ntrue\ttrue\n0\n", output)
    end)
  end
end)

describe("a service #standin", function()
  it("without a function says which one", function()
    local output = support.program({ STANDIN_MISSING = "HcsPauseComputeSystem,HcsSignalProcess,HcsModifyProcess" }, [[
      local c = support.container()
      local _, err = c:pause()
      print(err.name, err.code, err.message:find("HcsPauseComputeSystem", 1, true) ~= nil)
      local p = assert(c:create_process(support.puppet("sleep", 1000)))
      print(select(2, p:signal "TERM").name, select(2, p:resize_console(80, 25)).name, p:kill(), p:wait(10))
      p:close()
      print(c:close())
    ]])
    assert.equal("ProcNotFound\t127\ttrue\nNotSupported\tProcNotFound\ttrue\t1067\ntrue\n", output)
  end)

  it("that is not there is an error that says what to install; documents need none", function()
    local key = [["HKCU\Software\Wine\AppDefaults\lua.exe\DllOverrides"]]
    assert(os.execute(("reg add %s /v vmcompute /d \"\" /f >NUL"):format(key)))
    finally(function() os.execute(("reg delete %s /f >NUL"):format(key)) end)
    local output = support.program({}, [[
      for _, call in ipairs { hcs.get_containers, function() return hcs.open_container "x" end,
        function() return hcs.create_container(nil, {}) end } do
        local result, err = call()
        print(result, err.name)
        support.contains("vmcompute.dll", err.message)
      end
      print(hcs.document("PropertyQuery", {}), hcs.gc())
    ]])
    assert.equal(("nil\tNotSupported\n"):rep(3) .. "{}\t0\n", output)
  end)

  it("is sent what HCSSHIM_CREATECONTAINER_ADDITIONALJSON adds", function()
    local output = support.program({ HCSSHIM_CREATECONTAINER_ADDITIONALJSON = [[{"HostName":"theirs"}]] }, [[
      support.standin.tell { Set = { Documents = "any" } } -- an overlay's fields come in no struct's order
      local c <close> = assert(hcs.create_container("web", support.config { HostName = "mine", Owner = "lab" }))
      support.contains('"Owner":"lab"', support.standin.received "HcsCreateComputeSystem")
      support.contains('"HostName":"theirs"', support.standin.received "HcsCreateComputeSystem")
      print(#support.standin.report().Complaints)
    ]])
    assert.equal("0\n", output)
  end)
end)

describe("a script for Linux #standin", function()
  -- examples/quickstart.lua, but for the config and for what busybox has.
  it("drives a Windows container as it is", function()
    local config, command = support.config { HostName = "demo" }, support.puppet("cat", "print", "sorted\n", "exit", 7)
    local c <close> = assert(hcs.create_container(nil, config))
    assert(c:start())
    command.CreateStdInPipe, command.CreateStdOutPipe = true, true
    local p = assert(c:create_process(command))
    local stdin, stdout = p:stdio()
    assert(stdin:write("pear\napple\nfig\n"))
    stdin:close()
    local lines = {}
    for line in stdout:lines() do lines[#lines + 1] = line end
    assert.same({ "pear", "apple", "fig", "sorted" }, lines)
    assert.equal(7, assert(p:wait()))
    stdout:close()
    p:close()
  end)
end)

support.nothing_left()
