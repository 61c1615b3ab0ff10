using System.Diagnostics;
using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Processes;

/// <summary>A broker with little memory after clients have sent half of a large packet each.</summary>
public sealed class MemoryBurstTests
{
    private const int Clients = 400;
    private const int Half = 512 * 1024;
    private const string HardLimit = "0x12C00000"; // 300 MB, what .NET allows itself in a container of 400 MB

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task ABurstThatIsOverLocksNoClientOut(bool isContainer)
    {
        var environment = isContainer ? new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = HardLimit } : [];
        string[] limit = isContainer ? [] : ["--set", "Memory:MaximumBytes=256MiB"];
        using var broker = GatewayRun.Start(environment, ["--tcp", "127.0.0.1:0", "--ws", "none", .. limit]);
        var endPoint = IPEndPoint.Parse(await broker.EndPointAsync("tcp"));
        Assert.True(await IsServedAsync(endPoint));
        var before = WorkingSet(broker);

        await Task.WhenAll(Enumerable.Range(0, Clients).Select(number => SendHalfAsync(endPoint, number)));

        var start = Environment.TickCount64;
        while (!await IsServedAsync(endPoint))
        {
            Stuck.Check(start, "new clients to be served");
        }

        await Stuck.UntilAsync(() => WorkingSet(broker) < before + (32 << 20), "the memory of the burst to be given back");
    }

    private static async Task SendHalfAsync(EndPoint endPoint, int number)
    {
        var client = await RawClient.OpenAsync(endPoint, ProtocolVersion.Mqtt5, mayBreakOff: true);
        await client.SendAsync([.. ClientPackets.Connect(clientId: $"c{number}"), .. ClientPackets.Publish("a", new byte[2 * Half - 100])[..Half]]);
        client.Drop();
    }

    private static async Task<bool> IsServedAsync(EndPoint endPoint)
    {
        await using var client = await RawClient.OpenAsync(endPoint, ProtocolVersion.Mqtt5, mayBreakOff: true);
        await client.SendAsync(ClientPackets.Connect(clientId: "probe"));
        return (await client.ReceiveAsync())?.Reason == ReasonCode.Success;
    }

    private static long WorkingSet(ProcessRun broker)
    {
        using var process = Process.GetProcessById(broker.Id);
        return process.WorkingSet64;
    }
}
