using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Processes;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Disks;

/// <summary>A disk without space: nothing is acknowledged that is not stored, live traffic goes on, and so does everything once there is space.</summary>
public sealed class FullDiskTests
{
    private static readonly string[] Ports = ["--tcp", "127.0.0.1:0", "--ws", "none"];

    [Fact]
    public async Task FullDiskRefusesWhatItCannotStoreAndGoesOnWhenThereIsSpace() // I5
    {
        using var disk = MountedDisk.MountOrSkip();
        using var run = GatewayRun.Start([.. Ports, "--data", disk.Path, "--set", "Store:MinFreeBytes=0"]);
        var broker = await run.EndPointAsync("tcp");
        await using (var device = await DiskClients.ConnectAsync(broker, "device", durable: true))
        {
            Assert.Equal(ReasonCode.GrantedQoS1, await device.SubscribeAsync("stored/#"));
            await device.SendAsync(ClientPackets.Disconnect());
        }

        await using var publisher = await DiskClients.ConnectAsync(broker, "publisher");
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("stored/a", "before"));

        disk.Fill();
        Assert.Equal(ReasonCode.QuotaExceeded, await publisher.PublishAsync("stored/a", "refused"));
        await RefusesAsync(broker);
        Assert.Contains(" ERR 6304 ", await LineAsync(run, "6304"));

        disk.Free();
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("stored/a", "after"));
        await using var back = await DiskClients.ConnectAsync(broker, "device", durable: true);
        Assert.Equal(["before", "after"], await back.ReceiveUntilAsync("after"));
        Assert.Contains("sessions/0 takes records again", await LineAsync(run, "6305"));
    }

    [Fact]
    public async Task BrokerStartsOnADiskWithoutAByteAndServesWhoNeedsNone()
    {
        using var disk = MountedDisk.MountOrSkip();
        string[] arguments = [.. Ports, "--data", disk.Path, "--set", "Store:MinFreeBytes=0"];
        using (var first = GatewayRun.Start(arguments))
        {
            var at = await first.EndPointAsync("tcp");
            await using (var device = await DiskClients.ConnectAsync(at, "device", durable: true))
            {
                Assert.Equal(ReasonCode.GrantedQoS1, await device.SubscribeAsync("stored/#"));
            }

            first.Signal("TERM");
            Assert.Equal((0, ""), await first.EndAsync());
        }

        disk.Fill();
        using var second = GatewayRun.Start(arguments);
        var broker = await second.EndPointAsync("tcp");
        await using (var refused = await DiskClients.OpenAsync(broker, "device", durable: true))
        {
            Assert.Equal(ReasonCode.QuotaExceeded, (await refused.ReceiveAsync(PacketType.Connack)).Reason);
        }

        await RefusesAsync(broker);

        disk.Free();
        await using var publisher = await DiskClients.ConnectAsync(broker, "publisher");
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("stored/a", "after"));
        await using var back = await DiskClients.ConnectAsync(broker, "device", durable: true);
        Assert.Equal(["after"], await back.ReceiveUntilAsync("after"));
    }

    /// <summary>No disk has that much: the broker is below its floor from the beginning, on every machine.</summary>
    [Fact]
    public async Task BelowTheFloorNothingNewIsStored()
    {
        using var data = new TemporaryDirectory();
        using var run = GatewayRun.Start([.. Ports, "--data", data.File("data"), "--set", $"Store:MinFreeBytes={1L << 50}"]);

        await RefusesAsync(await run.EndPointAsync("tcp"));
    }

    /// <summary>A limit of the file size stands for a disk that fails: it needs no rights, and every write behind it is refused.</summary>
    [Fact]
    public async Task RefusedWriteIsNotAcknowledgedAndTheLogGoesOnInANewFile()
    {
        using var data = new TemporaryDirectory();
        using var run = GatewayRun.StartSmallFiles(blocks: 64, [.. Ports, "--data", data.File("data")]);
        var broker = await run.EndPointAsync("tcp");
        await using (var device = await DiskClients.ConnectAsync(broker, "device", durable: true))
        {
            Assert.Equal(ReasonCode.GrantedQoS1, await device.SubscribeAsync("stored/#"));
        }

        await using var publisher = await DiskClients.ConnectAsync(broker, "publisher");

        List<string> acknowledged = [];
        for (ushort number = 1; number <= 12; number++) // 10 KB each, 32 KB a file
        {
            var text = $"{number}:" + new string('x', 10_000);
            if (await publisher.PublishAsync("stored/a", text, number) == ReasonCode.Success)
            {
                acknowledged.Add(text);
            }
        }

        await using var back = await DiskClients.ConnectAsync(broker, "device", durable: true);
        Assert.True(acknowledged.Count > 6, $"{acknowledged.Count} of 12 were stored.");
        var received = await back.ReceiveUntilAsync(acknowledged[^1]);
        Assert.Equal(acknowledged, received.Where(acknowledged.Contains));
        Assert.Contains("the disk refused", await LineAsync(run, "6303"));
    }

    /// <summary>What a broker does whose disk is full, for every kind of client.</summary>
    private static async Task RefusesAsync(string broker)
    {
        await using var durable = await DiskClients.OpenAsync(broker, "new device", durable: true);
        Assert.Equal(ReasonCode.QuotaExceeded, (await durable.ReceiveAsync(PacketType.Connack)).Reason);

        await using var subscriber = await DiskClients.ConnectAsync(broker, "live"); // needs no space
        Assert.Equal(ReasonCode.GrantedQoS1, await subscriber.SubscribeAsync("live"));
        await using var publisher = await DiskClients.ConnectAsync(broker, "newer");
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("live", "now"));
        Assert.Equal(["now"], await subscriber.ReceiveUntilAsync("now"));
        Assert.Equal(ReasonCode.QuotaExceeded, await publisher.PublishAsync("kept", "refused", retain: true));

        await using var older = await DiskClients.ConnectAsync(broker, "older", version: ProtocolVersion.Mqtt311);
        Assert.Null(await older.PublishAsync("kept", "refused", retain: true)); // no PUBACK: it will send it again
    }

    private static async Task<string> LineAsync(ProcessRun run, string id)
    {
        while (await run.ReadLineAsync() is { } line)
        {
            if (line.Contains($" {id} ", StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException($"The broker ended without event {id}.");
    }
}
