-- What the service says of a failure, as Lua sees it: the message, the events and the code of its result documents.
local hcs = require "hcs"
local standin = require "spec.support.windows.standin"

local EVENT = {
  Message = "The file could not be opened.", StackTrace = "HcsCreateProcess", EventId = 1234, Flags = 3,
  Provider = "17a2a8a2-7d3c-4d1b-a9a2-6cde5f3a7d35", Source = "Guest",
}
local DETAIL = "[Event Detail: The file could not be opened. Stack Trace: HcsCreateProcess Provider: "
  .. "17a2a8a2-7d3c-4d1b-a9a2-6cde5f3a7d35 EventID: 1234 flags: 3 Source: Guest]"

local function created(extra)
  return assert(hcs.create_container("web", standin.config(extra)))
end

-- The error of a call that the service answers so.
local function failing(call, fields, act)
  fields.On = call
  standin.tell(fields)
  local result, err = act()
  assert.is_nil(result)
  assert.equal("error", hcs.type(err))
  return err
end

local function create_failing(fields)
  return failing("HcsCreateComputeSystem", fields, function() return hcs.create_container("web", standin.config()) end)
end

describe("A failed call says #standin", function()
  standin.watch()

  it("what the service says, with its events", function()
    local container <close> = created()
    assert(container:start())
    local err = failing("HcsCreateProcess", { Status = "0x80070002", Result = {
      Error = -2147024894, ErrorMessage = "'nosuch.exe' was not found in the container.", ErrorEvents = { EVENT },
    } }, function() return container:create_process "nosuch.exe" end)
    assert.same({ "FileNotFound", 2, "web", "hcs::System::CreateProcess: nosuch.exe" },
      { err.name, err.code, err.id, err.operation })
    assert.equal("'nosuch.exe' was not found in the container.", err.message)
    assert.same({ EVENT }, err.events)
    assert.equal("container web encountered an error during hcs::System::CreateProcess: nosuch.exe: "
      .. "'nosuch.exe' was not found in the container. (0x2)\n" .. DETAIL, tostring(err))
  end)

  it("whom it blames", function()
    local err = create_failing { Status = "0xC0370100", Result = { Error = -1070137088,
      ErrorMessage = "Construct failed.",
      Attribution = { { OperationFailure = { Detail = "Construct" } }, { VirtualDeviceFailure = { Name = "scsi" } } },
    } }
    assert.equal("Construct failed.", err.message)
    assert.same({ "Attribution", '{"OperationFailure":{"Detail":"Construct"}}' },
      { err.events[1].Source, err.events[1].Message })
    assert.equal('{"VirtualDeviceFailure":{"Name":"scsi"}}', err.events[2].Message)
  end)

  it("events as far as they have fields, and what else they have", function()
    local err = create_failing { Status = "0x80004005", Result = { ErrorEvents = {
      { Message = "short", Data = { { Type = "AnsiString", Value = "x" } } }, { EventId = 7 },
    } } }
    assert.equal("short", err.events[1].Message)
    assert.same({ "", 7, 0 }, { err.events[2].Message, err.events[2].EventId, err.events[2].Flags })
    assert.matches("\n%[Event Detail: short%]\n", tostring(err))
  end)

  it("its code's own text where the document says nothing of use", function()
    for _, result in ipairs { "", "no JSON", "[]", '"text"', "{}", '{"ErrorMessage":""}', '{"ErrorMessage":7}',
      '{"ErrorEvents":null,"Attribution":{}}' } do
      local err = create_failing { Status = "0xC037010F", Result = result, Times = 1 }
      assert.same({ "AlreadyExists", 0xC037010F }, { err.name, err.code })
      assert.same({}, err.events)
      assert.is_true(#err.message > 10)
    end
  end)

  it("in any language", function()
    local err = create_failing { Status = "0x80070005", Result = { ErrorMessage = "Доступ запрещён \u{1F512}" } }
    assert.equal("Доступ запрещён \u{1F512}", err.message)
    assert.is_true(hcs.is_access_denied(err))
  end)

  it("nothing of the document of a call that worked", function()
    standin.tell { Set = { Result = { ErrorMessage = "not for you", ErrorEvents = { EVENT } } } }
    local container <close> = created()
    assert.is_true(container:start())
    assert.equal("Running", container:state())
  end)
end)

describe("A code is the same error #standin", function()
  standin.watch()

  local rows = {
    { "0x80070002", "FileNotFound" },
    { "0x80070005", "VmcomputeOperationAccessIsDenied", "is_access_denied" },
    { "0x8037011B", "0x8037011b", "is_access_denied" },
    { "0x80070032", "NotSupported", "is_not_supported" },
    { "0x8007000D", "InvalidData", "is_not_supported" },
    { "0xC037010D", "VmcomputeInvalidJSON", "is_not_supported" },
    { "0x8037010D", "0x8037010d", "is_not_supported" },
    { "0xC0370105", "VmcomputeOperationInvalidState", "is_operation_invalid_state" },
    { "0x80370105", "InvalidState", "is_operation_invalid_state" },
    { "0xC037010E", "ComputeSystemDoesNotExist", "is_not_exist" },
    { "0x8037010E", "0x8037010e", "is_not_exist" },
    { "0xC037010F", "AlreadyExists", "is_already_exists" },
    { "0x8037010F", "0x8037010f", "is_already_exists" },
    { "0x80370118", "0x80370118", "is_timeout" },
    { "0x800706BA", "0x6ba" },
    { "0x80004005", "0x80004005" },
  }
  for _, row in ipairs(rows) do
    local status, name, class = table.unpack(row)
    it(status, function()
      local err = create_failing { Status = status }
      local code = math.tointeger(tonumber(status))
      assert.same({ name, code >> 16 == 0x8007 and code & 0xFFFF or code }, { err.name, err.code })
      if class then assert.is_true(hcs[class](err)) end
    end)
  end
end)

describe("What fails in the background says as much #standin", function()
  standin.watch()

  it("as a call", function()
    local container <close> = created()
    local err = failing("HcsStartComputeSystem", { NotifyStatus = "0x803701FE", NotifyData = {
      ErrorMessage = "The guest did not come up.", ErrorEvents = { EVENT },
      Attribution = { { GuestCrash = {} } },
    } }, function() return container:start() end)
    assert.same({ 0x803701FE, "The guest did not come up.", 2 }, { err.code, err.message, #err.events })
    assert.same(EVENT, err.events[1])
    assert.equal("hcs::System::Start", err.operation)
  end)

  it("as an end that nobody asked for", function()
    local container <close> = created()
    assert(container:start())
    standin.tell { On = "SystemExited", NotifyData = { Status = -1070137082, ExitType = "UnexpectedExit",
      ErrorMessage = "The worker has crashed.", Attribution = { { WorkerExit = { Type = "Crash" } } } } }
    standin.tell { Do = "Crash", Id = "web" }
    local result, err = container:wait(10)
    assert.is_nil(result)
    assert.equal(0xC0370106, err.code)
    assert.equal("The worker has crashed.", err.message)
    assert.equal('{"WorkerExit":{"Type":"Crash"}}', err.events[1].Message)
    assert.equal("UnexpectedExit", container:properties().ExitType)
  end)
end)

describe("An answer #standin", function()
  standin.watch()

  -- What properties give when the service answers so.
  local function answered(text, types)
    local container <close> = created()
    standin.tell { On = "HcsGetComputeSystemProperties", Document = text, Times = 1 }
    return container:properties(types)
  end

  it("that this library knows in part is complete, and has the rest", function()
    local properties = answered([[{"Id":"web","SystemType":"Container","State":"Running","New":{"a":[1]},
      "Statistics":{"Uptime100ns":18446744073709551615,"Memory":{"MemoryUsageCommitBytes":4096}}}]], { "Statistics" })
    assert.same({ "Running", "", { a = { 1 } } }, { properties.State, properties.Owner, properties.New })
    assert.same({ 2.0 ^ 64, 4096, 0 }, { properties.Statistics.Uptime100ns,
      properties.Statistics.Memory.MemoryUsageCommitBytes, properties.Statistics.Processor.TotalRuntime100ns })
    assert.equal("integer", math.type(properties.Statistics.Memory.MemoryUsageCommitBytes))
  end)

  it("that is none is an error", function()
    for _, text in ipairs { "", "no JSON", "[]", "7" } do
      local properties, err = answered(text)
      assert.is_nil(properties)
      assert.equal("UnexpectedValue", err.name)
    end
    standin.tell { On = "HcsEnumerateComputeSystems", Document = "{}" }
    local list, err = hcs.get_containers()
    assert.is_nil(list)
    assert.equal("UnexpectedValue", err.name)
  end)

  it("in other words than ours stays as it is", function()
    assert.equal("denied", answered [[{"Id":"web","Statistics":"denied"}]].Statistics)
  end)
end)
