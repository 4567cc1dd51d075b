-- Lua tables to the JSON that HCS receives, and JSON results to complete Lua tables.
local document = require "hcs.document"
local hcs = require "hcs"
local json = require "hcs.json"
local support = require "spec.support"

-- The message of a document that must be refused.
local function refused(type_name, value)
  local text, err, extra = hcs.document(type_name, value)
  assert.is_nil(text)
  assert.is_nil(extra)
  assert.equal("InvalidParameter", err.name)
  assert.equal(0x57, err.code)
  return err.message
end

local function sent(type_name, value)
  local text, extra = hcs.document(type_name, value)
  assert.is_nil(extra)
  return text
end

local function config(value)
  return refused("ContainerConfig", value)
end

describe("hcs.document writes what Go's marshaller writes:", function()
  it("fields in Go's order, the ones that are always there, null for absent layers", function()
    assert.equal('{"SystemType":"","Name":"","Layers":null,"HvPartition":false}', sent("ContainerConfig", {}))
    assert.equal('{"SystemType":"Container","Name":"c1","Owner":"hcs","LayerFolderPath":"C:\\\\l\\\\c1",'
      .. '"Layers":[{"ID":"18955d65","Path":"C:\\\\l\\\\base"}],"HostName":"c1","HvPartition":false,'
      .. '"TerminateOnLastHandleClosed":true}', sent("ContainerConfig", {
        TerminateOnLastHandleClosed = true, HostName = "c1", Owner = "hcs", Name = "c1", SystemType = "Container",
        LayerFolderPath = [[C:\l\c1]], Layers = { { Path = [[C:\l\base]], ID = "18955d65" } },
      }))
  end)

  it("[] for empty lists that are always there", function()
    assert.equal('{"SystemType":"","Name":"","Layers":[],"HvPartition":false}',
      sent("ContainerConfig", { Layers = {}, MappedDirectories = {} }))
  end)

  it("the console's size always, the array part as CommandArgs", function()
    assert.equal('{"CommandLine":"cmd /c ver","CreateStdOutPipe":true,"ConsoleSize":[0,0]}',
      sent("ProcessConfig", { CommandLine = "cmd /c ver", CreateStdOutPipe = true, CreateStdInPipe = false }))
    assert.equal('{"CommandArgs":["sh","-c","a b"],"User":"lab","ConsoleSize":[24,80]}',
      sent("ProcessConfig", { "sh", "-c", "a b", User = "lab", ConsoleSize = { 24, 80 } }))
  end)

  it("maps by their keys' order, empty values too", function()
    assert.equal('{"Environment":{"A":"1","B":"","a.b c":"2"},"ConsoleSize":[0,0]}',
      sent("ProcessConfig", { Environment = { B = "", ["a.b c"] = "2", A = "1" } }))
  end)

  it("queries", function()
    assert.equal("{}", sent("ComputeSystemQuery", {}))
    assert.equal('{"Ids":["a","b"],"Owners":["o"]}',
      sent("ComputeSystemQuery", { Owners = { "o" }, Ids = { "a", "b" } }))
    assert.equal('{"PropertyTypes":["Statistics"]}', sent("PropertyQuery", { PropertyTypes = { "Statistics" } }))
  end)

  it("requests, whose settings have no schema", function()
    assert.equal('{"ResourceType":"","Settings":null}', sent("ResourceModificationRequestResponse", {}))
    assert.equal('{"ResourceType":"Network","Settings":"guid","RequestType":"Add"}',
      sent("ResourceModificationRequestResponse",
        { ResourceType = "Network", RequestType = "Add", Settings = "guid" }))
    assert.equal('{"ResourceType":"x","Settings":{"a":[1,2.5,true,{"c":"d"}],"b":{}}}',
      sent("ResourceModificationRequestResponse",
        { ResourceType = "x", Settings = { b = {}, a = { 1, 2.5, true, { c = "d" } } } }))
  end)

  it("integers exactly, to 64 bits", function()
    for text, value in pairs {
      ["1"] = 1, ["5"] = 10 / 2, ["100000000000000"] = 1e14, ["1000000000000000"] = 10 ^ 15 // 1 | 0,
      ["9007199254740993"] = 9007199254740993, ["9007199254740992"] = 2 ^ 53,
      ["9223372036854775807"] = math.maxinteger,
    } do
      assert.equal(('{"SystemType":"","Name":"","Layers":null,"StorageSandboxSize":%s,"HvPartition":false}')
        :format(text), sent("ContainerConfig", { StorageSandboxSize = value }))
    end
  end)

  it("strings with Go's escapes", function()
    local text = 'a/b "q" \\ <&> \n\t\1 \u{e9} \u{20ac} \u{1F600} \u{2028}'
    assert.equal([[{"CommandLine":"a/b \"q\" \\ \u003c\u0026\u003e \n\t\u0001 ]]
      .. "\u{e9} \u{20ac} \u{1F600}" .. [[ \u2028","ConsoleSize":[0,0]}]],
      sent("ProcessConfig", { CommandLine = text }))
  end)

  it("without a decimal comma", function()
    local before = os.setlocale(nil, "numeric")
    for _, locale in ipairs { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE" } do
      if os.setlocale(locale, "numeric") then break end
    end
    local text = hcs.document("ResourceModificationRequestResponse", { Settings = { 0.5 } })
    os.setlocale(before, "numeric")
    assert.equal('{"ResourceType":"","Settings":[0.5]}', text)
  end)
end)

describe("hcs.document does not care", function()
  it("what others have set in lua-cjson, and leaves that alone", function()
    local cjson = require "cjson"
    local precision = cjson.encode_number_precision(3)
    assert.equal('{"ResourceType":"","Settings":123456.75}',
      sent("ResourceModificationRequestResponse", { Settings = 123456.75 }))
    assert.equal("1.23e+05", cjson.encode(123456.75))
    cjson.encode_number_precision(precision)
  end)

  it("to change its argument", function()
    local value = { "a", "b", Environment = { A = "1" } }
    sent("ProcessConfig", value)
    assert.same({ "a", "b", Environment = { A = "1" } }, value)
  end)
end)

describe("a mistake in a document is named by its path:", function()
  it("unknown fields, with the nearest known one", function()
    assert.equal("config.MemoryMaximumInMb: unknown field, did you mean 'MemoryMaximumInMB'?",
      config { MemoryMaximumInMb = 1 })
    assert.equal("config.MemoryMaximumInMb: unknown field, did you mean 'MemoryMaximumInMB'?",
      config { MemoryMaximumInMb = print })
    assert.equal("config.Layers[2].path: unknown field, did you mean 'Path'?",
      config { Layers = { { Path = "/a" }, { path = "/b" } } })
    assert.equal("query.ids: unknown field, did you mean 'Ids'?", refused("ComputeSystemQuery", { ids = { "a" } }))
  end)

  it("values that JSON does not have", function()
    for value, name in pairs {
      [print] = "function", [io.stdout] = "userdata", [coroutine.create(print)] = "thread",
      [require "cjson".null] = "userdata",
    } do
      assert.equal("config.Layers[2].Path: string expected, got " .. name,
        config { Layers = { { Path = "/a" }, { Path = value } } })
      assert.equal("config.Layers: table expected, got " .. name, config { Layers = value })
      assert.equal("config.HvPartition: boolean expected, got " .. name, config { HvPartition = value })
      assert.equal("config.ProcessorCount: number expected, got " .. name, config { ProcessorCount = value })
      assert.equal("config.Environment.A: string expected, got " .. name,
        refused("ProcessConfig", { Environment = { A = value } }))
      assert.equal("request.Settings.a[1]: JSON value expected, got " .. name,
        refused("ResourceModificationRequestResponse", { Settings = { a = { value } } }))
    end
  end)

  it("wrong types", function()
    assert.equal("config.Layers[2].Path: string expected, got number",
      config { Layers = { { Path = "/a" }, { Path = 5 } } })
    assert.equal("config.Layers[1].Path: string expected, got table", config { Layers = { { Path = {} } } })
    assert.equal("config.Layers[1]: table expected, got string", config { Layers = { "/a" } })
    assert.equal("config.Layers: table expected, got string", config { Layers = "/a" })
    assert.equal("config.ProcessorCount: number expected, got string", config { ProcessorCount = "2" })
    assert.equal("config.Servicing: boolean expected, got number", config { Servicing = 1 })
    assert.equal("config.CommandArgs[2]: string expected, got number", refused("ProcessConfig", { "sleep", 10 }))
  end)

  it("lists and names mixed up", function()
    assert.matches("^config%.Layers: ", config { Layers = { Path = "/a" } })
    assert.matches("^config%.HvRuntime: ", config { HvRuntime = { "a" } })
    assert.matches("^config%.Layers: a table cannot be a list and have names: 'Path'",
      config { Layers = { { Path = "/a" }, Path = "/b" } })
    assert.matches("^config: ", config { "a" })
  end)

  it("holes in lists", function()
    assert.equal("config.Layers[2]: nil in a list", config { Layers = { { Path = "/a" }, nil, { Path = "/c" } } })
    assert.equal("config.Layers[1]: nil in a list", config { Layers = { [1000000000] = { Path = "/a" } } })
  end)

  it("keys that are no names", function()
    assert.equal("config[true]: names and list positions are keys, not booleans", config { [true] = 1 })
    assert.equal("config.Layers[0]: names and list positions are keys, not numbers",
      config { Layers = { [0] = { Path = "/a" } } })
    assert.equal("config.Layers[1.5]: names and list positions are keys, not numbers",
      config { Layers = { [1.5] = { Path = "/a" } } })
  end)

  it("names that are no Lua names", function()
    assert.matches('^config%.Environment%["a b"%]: ', refused("ProcessConfig", { Environment = { ["a b"] = print } }))
  end)

  it("numbers", function()
    assert.equal("config.ProcessorCount: finite number expected, got NaN", config { ProcessorCount = 0 / 0 })
    assert.equal("config.ProcessorCount: finite number expected, got infinity", config { ProcessorCount = 1 / 0 })
    assert.equal("config.ProcessorCount: finite number expected, got infinity", config { ProcessorCount = -1 / 0 })
    assert.matches("^config%.ProcessorCount: .*integer", config { ProcessorCount = 1.5 })
    assert.matches("^config%.ProcessorCount: .*range", config { ProcessorCount = -1 })
    assert.matches("^config%.ProcessorCount: .*range", config { ProcessorCount = 2 ^ 32 })
    assert.matches("^config%.StorageSandboxSize: .*range", config { StorageSandboxSize = 2 ^ 63 })
    assert.matches("^config%.StorageSandboxSize: .*range", config { StorageSandboxSize = 1e300 })
  end)

  it("strings that C or HCS cannot take", function()
    assert.matches("^config%.HostName: .*byte", config { HostName = "a\0b" })
    assert.equal("config.HostName: not valid UTF-8", config { HostName = "a\xff" })
    assert.equal("config.HostName: not valid UTF-8", config { HostName = "\xed\xa0\x80" })
  end)

  it("cycles and bottomless tables", function()
    local cycle = {}
    cycle[1] = { cycle }
    assert.equal("request.Settings[1][1]: the table contains itself",
      refused("ResourceModificationRequestResponse", { Settings = cycle }))
    local deep = {}
    for _ = 1, 1000 do deep = { deep } end
    assert.matches(": nested too deeply$", refused("ResourceModificationRequestResponse", { Settings = deep }))
    local layer = { Path = "/a" }
    assert.truthy(hcs.document("ContainerConfig", { Layers = { layer, layer } }))
  end)

  it("and an error raised by a metamethod of the table passes through", function()
    local value = setmetatable({}, { __pairs = function() error { mine = true } end })
    local ok, err = pcall(hcs.document, "ContainerConfig", value)
    assert.is_false(ok)
    assert.is_true(err.mine)
  end)
end)

describe("hcs.get_containers", function()
  it("sorts by id", function()
    local handles, ids = {}, {}
    for _, id in ipairs { "sorted-b", "sorted-c", "sorted-a" } do
      handles[#handles + 1] = assert(hcs.create_container(id, support.config { Owner = "document_spec" }))
    end
    for i, found in ipairs(assert(hcs.get_containers { Owners = { "document_spec" } })) do ids[i] = found.Id end
    for _, container in ipairs(handles) do container:close() end
    assert.same({ "sorted-a", "sorted-b", "sorted-c" }, ids)
  end)
end)

describe("a result", function()
  local function read(text)
    return document.decode("ContainerProperties", text)
  end

  it("is complete, as a Go struct is", function()
    local properties = read '{"Id":"web","SystemType":"Container"}'
    assert.equal("web", properties.Id)
    assert.equal("", properties.Owner)
    assert.is_false(properties.Stopped)
    assert.same({}, properties.ProcessList)
    assert.same({}, properties.MappedVirtualDiskControllers)
    assert.same({ MemoryUsageCommitBytes = 0, MemoryUsageCommitPeakBytes = 0,
      MemoryUsagePrivateWorkingSetBytes = 0 }, properties.Statistics.Memory)
    assert.equal("", properties.Statistics.Timestamp)
    assert.same({}, properties.Statistics.Network)
    assert.same({}, properties.GuestConnectionInfo.SupportedSchemaVersions)
    assert.is_false(properties.GuestConnectionInfo.GuestDefinedCapabilities.SignalProcessSupported)
  end)

  it("has complete elements in its lists", function()
    local item = read '{"ProcessList":[{"ProcessId":4242}]}'.ProcessList[1]
    assert.equal(4242, item.ProcessId)
    assert.equal("", item.ImageName)
    assert.equal(0, item.UserTime100ns)
  end)

  it("has nil for pointers and the empty value for null", function()
    assert.is_nil(document.decode("ContainerConfig", "{}").HvRuntime)
    assert.equal("kernel", document.decode("ContainerConfig",
      '{"HvRuntime":{"LinuxKernelFile":"kernel"}}').HvRuntime.LinuxKernelFile)
    assert.same({}, document.decode("ContainerConfig", '{"Layers":null}').Layers)
    assert.equal("", read '{"Owner":null}'.Owner)
  end)

  it("has integers, with all their digits", function()
    local stats = read([[{"Statistics":{"Uptime100ns":132500000000000001,
      "Memory":{"MemoryUsageCommitBytes":9223372036854775807},
      "Processor":{"TotalRuntime100ns":9007199254740993,"RuntimeUser100ns":4242}}}]]).Statistics
    for value, expected in pairs {
      [stats.Uptime100ns] = 132500000000000001,
      [stats.Memory.MemoryUsageCommitBytes] = math.maxinteger,
      [stats.Processor.TotalRuntime100ns] = 9007199254740993,
      [stats.Processor.RuntimeUser100ns] = 4242,
      [stats.Processor.RuntimeKernel100ns] = 0,
    } do
      assert.equal("integer", math.type(value))
      assert.equal(expected, value)
    end
  end)

  it("has integer keys in maps of numbers", function()
    local controllers = read([[{"MappedVirtualDiskControllers":{"0":{"MappedVirtualDisks":{"1":
      {"HostPath":"/x.img","ContainerPath":"/mnt/x"},"10":{"HostPath":"/y.img"}}}}}]]).MappedVirtualDiskControllers
    assert.equal("/mnt/x", controllers[0].MappedVirtualDisks[1].ContainerPath)
    assert.equal("/y.img", controllers[0].MappedVirtualDisks[10].HostPath)
    assert.is_false(controllers[0].MappedVirtualDisks[10].ReadOnly)
  end)

  it("keeps fields that the schema does not know", function()
    assert.same({ 1, { b = 2 } }, read '{"New":[1,{"b":2.0}]}'.New)
  end)
end)

describe("JSON text", function()
  it("keeps digits and escapes apart", function()
    for text, value in pairs {
      ['"12345678901234567890"'] = "12345678901234567890",
      ['["a\\"1234567890123456789", 1234567890123456789]'] = { 'a"1234567890123456789', 1234567890123456789 },
      ['["\\\\", -9223372036854775808, "x\\\\"]'] = { "\\", math.mininteger, "x\\" },
      ['{"1234567890123456": 1234567890123456}'] = { ["1234567890123456"] = 1234567890123456 },
      ["[1e3, 0.12345678901234567, 1234567890123456.5]"] = { 1000, 0.12345678901234567, 1234567890123456.5 },
      ['[true,false,null,"a/b"]'] = { true, false, nil, "a/b" },
      ["18446744073709551616"] = 2.0 ^ 64,
    } do
      assert.same({ value }, json.decode("[" .. text .. "]"), text)
    end
  end)

  it("is written with exact numbers", function()
    for value, text in pairs {
      [0] = "0", [-5] = "-5", [1e14] = "100000000000000", [2 ^ 53] = "9007199254740992", [0.1] = "0.10000000000000001",
      [2 ^ 70] = "1180591620717411303424", [math.mininteger] = "-9223372036854775808",
    } do
      assert.equal(text, json.number(value))
    end
  end)
end)

support.nothing_left()
