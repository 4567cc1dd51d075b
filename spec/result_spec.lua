-- What Windows' service answers, as Lua sees it: documents in the words and the order in which it was seen to send
-- them, from several releases. They become complete, and what this library does not know stays in them.
local document = require "hcs.document"

local function properties(text)
  return document.decode("ContainerProperties", text)
end

describe("Windows' answer about", function()
  it("a created container has no state and little else", function()
    local web = properties '{"Id":"web","SystemType":"Container","Owner":"hcs"}'
    assert.same({ "web", "Container", "hcs", "", "", "" },
      { web.Id, web.SystemType, web.Owner, web.State, web.Name, web.RuntimeOsType })
    assert.same({ false, false, "", 0 }, { web.Stopped, web.AreUpdatesPending, web.ExitType,
      web.Statistics.Uptime100ns })
    assert.same({}, web.Events)
  end)

  it("a running one in process isolation lacks counters that are zero", function()
    local web = properties [[{"Id":"web","SystemType":"Container","RuntimeOsType":"Windows","Name":"web",
      "Owner":"docker","SiloGuid":"0d3b7fd5-5e3e-4dc7-8f5c-d8f5a5d3a6de",
      "RuntimeId":"e104557f-0000-5a3c-9d1b-1f6d5d4f0b11","State":"Running","Statistics":{
      "Timestamp":"2026-08-07T16:40:02.2714361Z","ContainerStartTime":"2026-08-07T16:39:40.9523157Z",
      "Uptime100ns":213191204,"Memory":{"MemoryUsageCommitBytes":55603200,"MemoryUsageCommitPeakBytes":58798080,
      "MemoryUsagePrivateWorkingSetBytes":31719424},"Processor":{"TotalRuntime100ns":14062500,
      "RuntimeUser100ns":4218750,"RuntimeKernel100ns":9843750},"Storage":{"ReadCountNormalized":3061,
      "ReadSizeBytes":64929792,"WriteCountNormalized":1139}}}]]
    assert.same({ "Running", "Windows" }, { web.State, web.RuntimeOsType })
    assert.same({ ReadCountNormalized = 3061, ReadSizeBytes = 64929792, WriteCountNormalized = 1139,
      WriteSizeBytes = 0 }, web.Statistics.Storage)
    assert.same({}, web.Statistics.Network)
    assert.equal("2026-08-07T16:39:40.9523157Z", web.Statistics.ContainerStartTime)
    assert.equal("integer", math.type(web.Statistics.Memory.MemoryUsageCommitBytes))
  end)

  it("one behind Hyper-V has the total runtime alone", function()
    local processor = properties [[{"Id":"x","SystemType":"Container","State":"Running","Statistics":{
      "Processor":{"TotalRuntime100ns":98437500},"Network":[]}}]].Statistics.Processor
    assert.same({ TotalRuntime100ns = 98437500, RuntimeUser100ns = 0, RuntimeKernel100ns = 0 }, processor)
  end)

  it("network counters are a row for each endpoint", function()
    local network = properties [[{"Id":"x","Statistics":{"Network":[{"BytesReceived":12480,"BytesSent":3512,
      "PacketsReceived":96,"PacketsSent":41,"EndpointId":"EEF2649D-BB17-4D53-9937-295A8EFE6F2C",
      "InstanceId":"4D36E972"}]}}]].Statistics.Network
    assert.equal(1, #network)
    assert.same({ 12480, 0, "4D36E972" },
      { network[1].BytesReceived, network[1].DroppedPacketsOutgoing, network[1].InstanceId })
  end)

  it("processes lacks the times of an idle one", function()
    local list = properties [[{"Id":"x","ProcessList":[{"CreateTimestamp":"2026-08-07T16:39:41.6164725Z",
      "ImageName":"csrss.exe","KernelTime100ns":468750,"MemoryCommitBytes":2326528,"ProcessId":292,
      "UserTime100ns":156250},{"CreateTimestamp":"2026-08-07T16:39:41.1Z","ImageName":"smss.exe",
      "MemoryCommitBytes":18446744073709551615,"ProcessId":4294967295}]}]].ProcessList
    assert.same({ 292, 468750, 0 },
      { list[1].ProcessId, list[1].KernelTime100ns, list[1].MemoryWorkingSetPrivateBytes })
    assert.same({ "smss.exe", 4294967295, 0 }, { list[2].ImageName, list[2].ProcessId, list[2].UserTime100ns })
    assert.equal(2.0 ^ 64, list[2].MemoryCommitBytes) -- beyond Lua's integers
  end)

  it("disks has numbers for keys", function()
    local controllers = properties [[{"Id":"x","MappedVirtualDiskControllers":{"0":{"MappedVirtualDisks":{"1":
      {"HostPath":"C:\\x.vhdx","ContainerPath":"/mnt/x","CreateInUtilityVM":true}}},"3":{"MappedVirtualDisks":null},
      "12":{}}}]].MappedVirtualDiskControllers
    assert.same({ HostPath = [[C:\x.vhdx]], ContainerPath = "/mnt/x", CreateInUtilityVM = true, ReadOnly = false,
      Cache = "", AttachOnly = false }, controllers[0].MappedVirtualDisks[1])
    assert.same({ {}, {} }, { controllers[3].MappedVirtualDisks, controllers[12].MappedVirtualDisks })
  end)

  it("the guest's connection", function()
    local guest = properties [[{"Id":"x","GuestConnectionInfo":{"SupportedSchemaVersions":[{"Major":2,"Minor":1}],
      "ProtocolVersion":4,"GuestDefinedCapabilities":{"NamespaceAddRequestSupported":true,
      "SignalProcessSupported":true}}}]].GuestConnectionInfo
    assert.same({ { Major = 2, Minor = 1 } }, guest.SupportedSchemaVersions)
    assert.same({ 4, true, false }, { guest.ProtocolVersion, guest.GuestDefinedCapabilities.SignalProcessSupported,
      guest.GuestDefinedCapabilities.DumpStacksSupported })
  end)

  it("all systems of the machine, virtual machines among them", function()
    local list = document.decode_list("ContainerProperties", [[
      [{"Id":"1F3E9E37-0A5B-4A3C-8D11-0C2F8D9C5E01","SystemType":"VirtualMachine","Name":"WSL","Owner":"WSL",
        "RuntimeId":"1f3e9e37-0a5b-4a3c-8d11-0c2f8d9c5e01","State":"Running"},
       {"Id":"web","SystemType":"Container","Name":"web","Owner":"docker","IsRuntimeTemplate":false,
        "RuntimeImagePath":"C:\\l\\base\\UtilityVM","Stopped":true,"ExitType":"GracefulExit",
        "AreUpdatesPending":true,"ObRoot":"\\Silos\\1264"}] ]])
    assert.same({ "VirtualMachine", "Container" }, { list[1].SystemType, list[2].SystemType })
    assert.same({ true, "GracefulExit", true, [[\Silos\1264]] },
      { list[2].Stopped, list[2].ExitType, list[2].AreUpdatesPending, list[2].ObRoot })
    assert.same({}, document.decode_list("ContainerProperties", "[]"))
  end)
end)

describe("A newer Windows may", function()
  it("say more", function()
    local web = properties [[{"Id":"web","SchemaVersion":{"Major":2,"Minor":5},"State":"SavedAsTemplate",
      "Statistics":{"Uptime100ns":1,"Gpu":[{"EngineId":7}],"Memory":{"MemoryUsageSharedBytes":12345678901234567}},
      "ProcessList":[{"ProcessId":4,"SessionId":0}]}]]
    assert.same({ { Major = 2, Minor = 5 }, "SavedAsTemplate" }, { web.SchemaVersion, web.State })
    assert.same({ { EngineId = 7 } }, web.Statistics.Gpu)
    assert.equal(12345678901234567, web.Statistics.Memory.MemoryUsageSharedBytes)
    assert.equal(0, web.Statistics.Memory.MemoryUsageCommitBytes)
    assert.equal(0, web.ProcessList[1].SessionId)
  end)

  it("say null", function()
    local web = properties [[{"Id":"web","Owner":null,"Statistics":null,"ProcessList":null,"Stopped":null,
      "MappedVirtualDiskControllers":null,"GuestConnectionInfo":{"GuestDefinedCapabilities":null}}]]
    assert.same({ "", 0, {}, false, {} }, { web.Owner, web.Statistics.Uptime100ns, web.ProcessList, web.Stopped,
      web.MappedVirtualDiskControllers })
    assert.is_false(web.GuestConnectionInfo.GuestDefinedCapabilities.DumpStacksSupported)
  end)

  it("say it otherwise", function()
    local web = properties [[{"Id":"web","Statistics":"denied","ProcessList":7,"MappedVirtualDiskControllers":true,
      "GuestConnectionInfo":{"SupportedSchemaVersions":["2.1"]}}]]
    assert.same({ "denied", 7, true, { "2.1" } }, { web.Statistics, web.ProcessList,
      web.MappedVirtualDiskControllers, web.GuestConnectionInfo.SupportedSchemaVersions })
  end)
end)
