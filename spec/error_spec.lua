-- Error objects: fields, text, and the classifiers.
local core = require "hcs.core"
local errors = require "hcs.errors"
local hcs = require "hcs"
local support = require "spec.support"

local classifiers = {
  "is_not_exist", "is_already_exists", "is_already_closed", "is_pending", "is_timeout", "is_already_stopped",
  "is_not_supported", "is_operation_invalid_state", "is_access_denied",
}

local function missing()
  local container, err = hcs.open_container "no-such-container"
  assert.is_nil(container)
  return err
end

describe("an error", function()
  it("has name, code, message, operation and id", function()
    local err = missing()
    assert.equal("ComputeSystemDoesNotExist", err.name)
    assert.equal(0xC037010E, err.code)
    assert.equal("integer", math.type(err.code))
    assert.equal("hcs::OpenComputeSystem", err.operation)
    assert.equal("no-such-container", err.id)
    assert.equal("string", type(err.message))
    assert.same({}, err.events)
  end)

  it("has nil for what there is not, and for unknown keys", function()
    local err = missing()
    for _, key in ipairs { "pid", "errno", "exit_code", "stdout", "nonsense", "__name", "__gc", "events_json" } do
      assert.is_nil(err[key], key)
    end
    assert.is_nil(err[1])
    assert.is_nil(err[true])
    assert.is_nil(core.error_new("Timeout").code)
  end)

  it("is read-only", function()
    local err = missing()
    for _, key in ipairs { "name", "code", "message", "exit_code", "anything", 1 } do
      local ok, message = pcall(function() err[key] = "x" end)
      assert.is_false(ok)
      assert.matches("hcs.error is read%-only", message)
    end
    assert.equal("ComputeSystemDoesNotExist", err.name)
  end)

  it("is a text where one is wanted", function()
    local err = missing()
    local text = tostring(err)
    assert.matches("^hcs::OpenComputeSystem no%-such%-container: .+ %(0xc037010e%)$", text)
    assert.equal(text, ("%s"):format(err))
    assert.equal("failed: " .. text, "failed: " .. err)
    assert.equal(text .. "!", err .. "!")
    assert.equal(text .. text, err .. err)
    assert.equal(text .. 5, err .. 5)
    assert.equal("a" .. text .. "b", "a" .. err .. "b")
  end)

  it("is not a text for anything else", function()
    local ok, message = pcall(function() return missing() .. {} end)
    assert.is_false(ok)
    assert.matches("attempt to concatenate a table value", message)
    assert.is_false((pcall(function() return nil .. missing() end)))
  end)

  it("is raised unchanged by assert and error", function()
    local lua_assert = package.loaded._G.assert -- here `assert` is luassert's
    local err = missing()
    assert.equal(err, select(2, pcall(lua_assert, nil, err)))
    assert.equal(err, select(2, pcall(error, err)))
  end)

  it("carries the fields that run and others add", function()
    local err = errors.extend(core.error_new("ProcessFailed", "it failed", "hcs::System::Run", "web", 12),
      { exit_code = 3, stdout = "out" })
    assert.equal(3, err.exit_code)
    assert.equal("out", errors.extend(err, { stderr = "err" }).stdout)
    assert.equal("err", err.stderr)
    assert.equal(12, err.pid)
    assert.equal("ProcessFailed", err.name)
    assert.is_nil(err.code)
    assert.equal("process 12 in container web encountered an error during hcs::System::Run: it failed", tostring(err))
  end)

  it("has the same list of events each time it is asked", function()
    local err = missing()
    assert.equal(err.events, err.events)
  end)

  it("has a name and a number for codes that it does not know by name", function()
    local err = core.error_new("nonsense", "message")
    assert.equal("GenFailure", err.name)
    assert.equal(0x1F, err.code)
  end)
end)

describe("a classifier", function()
  local sets = {
    ComputeSystemDoesNotExist = { is_not_exist = true },
    ElementNotFound = { is_not_exist = true, is_already_stopped = true },
    AlreadyExists = { is_already_exists = true },
    AlreadyClosed = { is_already_closed = true },
    VmcomputeOperationPending = { is_pending = true },
    Timeout = { is_timeout = true },
    VmcomputeAlreadyStopped = { is_already_stopped = true },
    VmcomputeSystemAlreadyStopped = { is_already_stopped = true },
    ProcessAlreadyStopped = { is_already_stopped = true },
    NotSupported = { is_not_supported = true },
    InvalidData = { is_not_supported = true },
    VmcomputeInvalidJSON = { is_not_supported = true },
    VmcomputeUnknownMessage = { is_not_supported = true },
    VmcomputeOperationInvalidState = { is_operation_invalid_state = true },
    InvalidState = { is_operation_invalid_state = true },
    VmcomputeOperationAccessIsDenied = { is_access_denied = true },
    InvalidParameter = {},
    FileNotFound = {},
    ProcessFailed = {},
    UnexpectedProcessAbort = {},
    InvalidProcessState = {},
  }

  for name, set in pairs(sets) do
    it("knows " .. name, function()
      local err = core.error_new(name)
      assert.equal(name, err.name)
      for _, classifier in ipairs(classifiers) do
        assert.equal(set[classifier] or false, hcs[classifier](err), classifier)
      end
    end)
  end

  it("is false for nil and foreign values", function()
    for _, classifier in ipairs(classifiers) do
      assert.is_false(hcs[classifier](nil))
      assert.is_false(hcs[classifier]())
      for _, value in ipairs { 0xC037010E, "Timeout", {}, io.stdout, true, print } do
        assert.is_false(hcs[classifier](value))
      end
    end
  end)
end)

describe("a missed deadline", function()
  local c, p

  setup(function()
    c = support.container()
    p = assert(c:create_process(support.puppet("sleep", 1000,
      { CreateStdInPipe = true, CreateStdOutPipe = true })))
  end)

  teardown(function()
    c:terminate()
    c:wait(10)
    c:close()
    c, p = nil, nil
  end)

  local function missed(message, operation, pid, result, err)
    assert.is_nil(result)
    assert.equal("Timeout", err.name)
    assert.is_true(hcs.is_timeout(err))
    assert.is_nil(err.code)
    assert.equal(message, err.message)
    assert.equal(operation, err.operation)
    assert.equal(pid, err.pid)
    assert.equal("string", type(err.id))
  end

  it("says that a container has not ended, and within what", function()
    local operation = "hcsshim::ComputeSystem::Wait"
    missed("the container has not ended within 0.02 s", operation, nil, c:wait(0.02))
    missed("the container has not ended yet", operation, nil, c:wait(0))
  end)

  it("says that a container has not been started", function()
    local created <close> = assert(hcs.create_container(nil, support.config()))
    missed("the container has not ended within 0.02 s; it is Created: call start() first",
      "hcsshim::ComputeSystem::Wait", nil, created:wait(0.02))
  end)

  it("says that a process has not ended", function()
    missed("the process has not ended within 0.02 s", "hcsshim::Process::Wait", p:pid(), p:wait(0.02))
    missed("the process has not ended yet", "hcsshim::Process::Wait", p:pid(), p:wait(0))
  end)

  it("says which stream has no bytes, and that stdin takes none", function()
    local stdin <close>, stdout = assert(p:stdin()), assert(p:stdout())
    missed("no bytes on stdout within 0.02 s", "hcs::Stream::Read", p:pid(), stdout:read_some(0.02))
    missed("no bytes on stdout yet", "hcs::Stream::Read", p:pid(), stdout:read_some(0))
    while stdin:write_some(("x"):rep(65536), support.on { linux = 0, windows = 0.1 }) do end
    missed("stdin has taken no bytes within 0.02 s", "hcs::Stream::Write", p:pid(), stdin:write_some("x", 0.02))
    stdout:close()
  end)
end)

describe("hcs.type", function()
  it("knows our objects only", function()
    assert.equal("error", hcs.type(missing()))
    for _, value in ipairs { 5, "container", {}, io.stdout, true, print } do assert.is_nil(hcs.type(value)) end
    assert.is_nil(hcs.type(nil))
  end)
end)

support.nothing_left()
