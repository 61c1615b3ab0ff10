using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Processes;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Disks;

/// <summary>The directory that a broker has left behind in order, made once; every test damages a copy.</summary>
public sealed class DamagedDirectory : IAsyncLifetime
{
    public const int Messages = 60;

    private readonly TemporaryDirectory _original = new();

    /// <summary>What the session <c>device</c> is owed.</summary>
    public static IReadOnlyList<string> Texts { get; } = [.. Enumerable.Range(1, Messages).Select(number => $"{number}:" + new string('x', 1_000))];

    public static string[] Arguments(string data) => ["--tcp", "127.0.0.1:0", "--ws", "none", "--data", data, "--set", "Store:SegmentBytes=16384"];

    public async ValueTask InitializeAsync()
    {
        using var run = GatewayRun.Start(Arguments(_original.File("data")));
        var broker = await run.EndPointAsync("tcp");
        await using (var device = await DiskClients.ConnectAsync(broker, "device", durable: true))
        {
            Assert.Equal(ReasonCode.GrantedQoS1, await device.SubscribeAsync("stored/#"));
        }

        await using var publisher = await DiskClients.ConnectAsync(broker, "publisher");
        for (var at = 0; at < Messages; at++)
        {
            Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("stored/a", Texts[at], (ushort)(at + 1)));
        }

        await publisher.PublishAsync("kept", "retained", retain: true);
        run.Signal("TERM");
        Assert.Equal((0, ""), await run.EndAsync());
    }

    public ValueTask DisposeAsync()
    {
        _original.Dispose();
        return ValueTask.CompletedTask;
    }

    public TemporaryDirectory Copy()
    {
        var copy = new TemporaryDirectory();
        var from = _original.File("data");
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var to = copy.File(Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(to) ?? copy.Path);
            File.Copy(file, to);
        }

        return copy;
    }

    /// <summary>A sealed segment in the middle of the log of sessions.</summary>
    public static string Segment(TemporaryDirectory data) =>
        Directory.GetFiles(data.File("sessions/0"), "*.segment").Order(StringComparer.Ordinal).ElementAt(1);
}
