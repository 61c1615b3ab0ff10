using System.Globalization;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Processes;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Disks;

/// <summary>Files that are not those that were written: the broker serves the rest and names them, or does not start and says what to do.</summary>
public sealed class DamagedDataTests(DamagedDirectory directory) : IClassFixture<DamagedDirectory>
{
    [Fact]
    public async Task FlippedBitsCostTheMessagesOfTheirBlockAndNoOthers()
    {
        using var data = directory.Copy();
        var file = DamagedDirectory.Segment(data);
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[bytes.Length / 2] ^= 0x40;
        await File.WriteAllBytesAsync(file, bytes);

        var received = await ServesTheRestAsync(data, $"Damage: {file}");

        Assert.InRange(received.Count, DamagedDirectory.Messages - 2, DamagedDirectory.Messages - 1); // one block, with one message or its change
    }

    [Fact]
    public async Task DeletedSegmentCostsItsMessagesAndNoOthers()
    {
        using var data = directory.Copy();
        var file = DamagedDirectory.Segment(data);
        File.Delete(file);

        var received = await ServesTheRestAsync(data, $"MissingSegment: {file}");

        Assert.InRange(received.Count, DamagedDirectory.Messages / 2, DamagedDirectory.Messages - 8);
    }

    [Theory]
    [InlineData("sessions/0/manifest", null, "it is missing, and there are segments; restore it from a backup")]
    [InlineData("retain/0/manifest", null, "it is missing, and there are segments; restore it from a backup")]
    [InlineData("sessions/0/manifest", "garbled", "its bytes are not those that were written; restore the directory from a backup")]
    [InlineData("retain/0/manifest", "", "its bytes are not those that were written; restore the directory from a backup")]
    [InlineData("sessions/0/manifest", "version", "it has format version 2 and this build reads up to version 1; use the build that wrote it or a newer one")]
    [InlineData("grainmq.shards", "garbled", "is not what a broker wrote there. Restore it from a backup, or remove it")]
    [InlineData("grainmq.shards", "store 2, retain 1", "Set Grains:StoreShards and Grains:RetainShards to those numbers")]
    public async Task WithoutWhatHoldsTheFilesTogetherTheStartFails(string name, string? contents, string words)
    {
        using var data = directory.Copy();
        var file = data.File(name);
        if (contents is null)
        {
            File.Delete(file);
        }
        else if (contents == "version")
        {
            await PatchAsync(file, position: 8, value: 2);
        }
        else
        {
            await File.WriteAllTextAsync(file, contents);
        }

        await FailsAsync(data, words, contents == "store 2, retain 1" ? data.Path : file);
    }

    [Fact]
    public async Task LayoutIsWrittenAnewOnlyForTheLogsThatAreThere()
    {
        using var data = directory.Copy();
        File.Delete(data.File("grainmq.shards"));

        await FailsAsync(data, "Set Grains:StoreShards to 1", data.Path, "--set", "Grains:StoreShards=4");
        var received = await ServesTheRestAsync(data, null);

        Assert.Equal(DamagedDirectory.Texts, received);
    }

    [Fact]
    public async Task DirectoryThatCannotBeWrittenIsNotTakenForAnotherBrokers()
    {
        using var data = directory.Copy(); // with the process number of a broker that has ended
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "Rights do not bind this user; the read-only file system has a test of its own.");
        foreach (var file in (string[])["grainmq.lock", "grainmq.pid"])
        {
            File.SetAttributes(data.File(file), FileAttributes.ReadOnly);
        }

        await FailsAsync(data, "is not usable", data.Path);
    }

    [Fact]
    public async Task ReadOnlyFileSystemIsNotTakenForAnotherBrokers()
    {
        using var disk = MountedDisk.MountOrSkip();
        using (var run = GatewayRun.Start([.. DamagedDirectory.Arguments(disk.Path), "--set", "Store:MinFreeBytes=0"]))
        {
            await run.EndPointAsync("tcp");
            run.Signal("TERM");
            await run.EndAsync();
        }

        disk.MakeReadOnly();

        await FailsAsync(disk.Path, ["is not usable", "Read-only file system", "--data DIR"]);
    }

    private static Task FailsAsync(TemporaryDirectory data, string words, string file, params string[] arguments) =>
        FailsAsync(data.Path, [words, file], arguments);

    /// <summary>One line for the operator, and the end: no client is served from what cannot be trusted.</summary>
    private static async Task FailsAsync(string data, string[] words, params string[] arguments)
    {
        using var run = GatewayRun.Start([.. DamagedDirectory.Arguments(data), .. arguments]);
        var (code, error) = await run.EndAsync();
        Assert.Equal(1, code);
        Assert.StartsWith("grainmq: ", error);
        Assert.Equal(error.Length - 1, error.IndexOf('\n'));
        Assert.All(words, word => Assert.Contains(word, error));
    }

    /// <summary>What the session gets: each message as it was sent, in order, once; the log has named the file before.</summary>
    private static async Task<List<string>> ServesTheRestAsync(TemporaryDirectory data, string? finding)
    {
        using var run = GatewayRun.Start(DamagedDirectory.Arguments(data.Path));
        while (finding is not null && await run.ReadLineAsync() is var line && !(line ?? throw new InvalidOperationException("The broker ended.")).Contains(finding, StringComparison.Ordinal))
        {
            Assert.DoesNotContain(" WRN ", line);
        }

        var broker = await run.EndPointAsync("tcp");
        await using var publisher = await DiskClients.ConnectAsync(broker, "publisher");
        Assert.Equal(ReasonCode.Success, await publisher.PublishAsync("stored/a", "more"));
        await using var device = await DiskClients.ConnectAsync(broker, "device", durable: true);
        var received = await device.ReceiveUntilAsync("more");
        received.RemoveAt(received.Count - 1);
        Assert.Equal(received.Order(Comparer<string>.Create((a, b) => Number(a) - Number(b))), received);
        Assert.Equal(received.Count, received.Distinct().Count());
        Assert.All(received, text => Assert.Contains(text, DamagedDirectory.Texts));
        return received;
    }

    private static int Number(string text) => int.Parse(text[..text.IndexOf(':', StringComparison.Ordinal)], CultureInfo.InvariantCulture);

    private static async Task PatchAsync(string file, int position, byte value)
    {
        var bytes = await File.ReadAllBytesAsync(file);
        bytes[position] = value;
        await File.WriteAllBytesAsync(file, bytes);
    }
}
