using GrainMQ.Grains;
using GrainMQ.Grains.Backup;
using GrainMQ.Grains.LogStore;
using GrainMQ.Tests.Testing.LogStore;
using Xunit;

namespace GrainMQ.Tests.Grains.Backup;

public sealed class DataImportTests
{
    [Fact]
    public async Task EverythingIsThereAndConnectionsAreOver()
    {
        var data = await SampleData.FullAsync();
        var start = data.Time.GetUtcNow().ToUnixTimeMilliseconds();
        var file = await BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), data.Time);
        data.Time.Advance(TimeSpan.FromSeconds(3));
        var imported = await BackupFixture.ImportAsync(BackupFixture.Options(), data.Time, file);
        var now = start + 3_000;
        // t/short ended, and t/gone's second has passed: their wills are due
        var expected = $"""
            retained t a/b 0 kept
            retained t a/c {start + 9_000} for a while
            t/away 3600 {start + 100_000} {start + 3_600_000} 2 away's will+100 {Sample.Subscription("a/#")},{Sample.Subscription("b/+")}{' '}
              1 1 False  Queued 0 0 both
              2 1 False  Queued 0 {start + 5_000} mine
            t/here {uint.MaxValue} {now + 10_000} {long.MaxValue} 1 here's will+10 {' '}
              1 1 False  Released 7 0{' '}
            will t/gone gone's will
            will t/short short's will
            """;
        Assert.Equal(expected.ReplaceLineEndings("\n"), await BackupFixture.DescribeAsync(imported, BackupFixture.Options(), data.Time));
    }

    /// <summary>The rules are the gateway's; each kind of text and message is asked for.</summary>
    [Theory]
    [InlineData("filter a/#", "session 't/away' subscribes to 'a/#', which is no Topic Filter")]
    [InlineData("topic a/c", "'a/c' is no Topic Name")]
    [InlineData("message both", "it is not what a client could have published")]
    [InlineData("message kept", "the retained message of 'a/b' is not what")]
    [InlineData("message gone's will", "the will of 't/gone' is not what")]
    [InlineData("message away's will", "the will of 't/away' is not what")]
    public async Task WhatNoClientCouldHaveSentIsRefused(string forbidden, string words)
    {
        var data = await SampleData.FullAsync();
        var file = await BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), data.Time);
        await using var logs = BackupFixture.Logs(new SimulatedDisk(new Random(1)));
        var rules = new ImportRules(
            filter => $"filter {filter}" != forbidden, topic => $"topic {topic}" != forbidden, bytes => $"message {Sample.Text(bytes)}" != forbidden);
        using var import = await DataImport.BeginAsync(logs, BackupFixture.Options(), rules, data.Time, new NoProgress());

        var refusal = await Assert.ThrowsAsync<ExportException>(() => import.AddAsync(file, BackupFixture.File));
        Assert.Contains("has a wrong record", refusal.Message, StringComparison.Ordinal);
        Assert.Contains(words, refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 3)]
    [InlineData(5, 2)]
    public async Task NumbersOfShardsMayBeOther(int stores, int retained)
    {
        var data = await SampleData.FullAsync();
        var file = await BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), data.Time);
        var options = BackupFixture.Options(stores, retained);
        var one = await BackupFixture.ImportAsync(BackupFixture.Options(), data.Time, file);
        var many = await BackupFixture.ImportAsync(options, data.Time, file);
        var back = await BackupFixture.ImportAsync(BackupFixture.Options(), data.Time, await BackupFixture.ExportAsync(many, options, data.Time));
        var expected = await BackupFixture.DescribeAsync(one, BackupFixture.Options(), data.Time);
        Assert.Equal(expected, await BackupFixture.DescribeAsync(many, options, data.Time));
        Assert.Equal(expected, await BackupFixture.DescribeAsync(back, BackupFixture.Options(), data.Time));
    }

    [Fact]
    public async Task TheFirstFileWinsWhereBothHaveTheSame()
    {
        var (first, second) = (await OneAsync("first"), await OneAsync("second"));
        await second.AttachAsync("t/only");
        await second.DetachAsync("t/only");
        await second.QueueAsync("only second", ["t/only"]);
        await second.RetainAsync("x/y", "only second");
        var imported = await BackupFixture.ImportAsync(
            BackupFixture.Options(), first.Time, await BackupFixture.ExportAsync(first.Disk, BackupFixture.Options(), first.Time),
            await BackupFixture.ExportAsync(second.Disk, BackupFixture.Options(), first.Time));
        var lines = (await BackupFixture.DescribeAsync(imported, BackupFixture.Options(), first.Time)).Split('\n');
        Assert.Equal(
            ["retained t a/b 0 first", "retained t x/y 0 only second", "  1 1 False  Queued 0 0 only second", "  1 1 False  Queued 0 0 first"],
            lines.Where(line => line[0] is 'r' or ' '));
        Assert.Equal(4 + 2, lines.Length);
    }

    [Fact]
    public async Task TheBrokerGoesOnWhereTheImportEnds()
    {
        var data = await SampleData.FullAsync();
        var imported = await BackupFixture.ImportAsync(BackupFixture.Options(), data.Time, await BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), data.Time));
        var again = await BackupFixture.ImportAsync(BackupFixture.Options(), data.Time, await BackupFixture.ExportAsync(imported, BackupFixture.Options(), data.Time));
        Assert.Equal(
            await BackupFixture.DescribeAsync(imported, BackupFixture.Options(), data.Time), await BackupFixture.DescribeAsync(again, BackupFixture.Options(), data.Time));
    }

    [Fact]
    public async Task ALimitOfTheBrokerThatIsTooLowIsNamed()
    {
        var data = await SampleData.FullAsync();
        var file = await BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), data.Time);
        (GrainOptions Options, string Name)[] limits =
        [
            (new() { OfflineQueueMaxMessages = 1 }, "OfflineQueueMaxMessages"), (new() { OfflineQueueMaxBytes = 100 }, "OfflineQueueMaxBytes"),
            (new() { QueuedBytesPerShard = 200 }, "QueuedBytesPerShard"), (new() { MaxSubscriptionsPerSession = 1 }, "MaxSubscriptionsPerSession"),
            (new() { MaxSessions = 2 }, "MaxSessions"), (new() { RetainedMaxMessages = 1 }, "RetainedMaxMessages"),
        ];
        foreach (var (options, name) in limits)
        {
            var error = await Assert.ThrowsAsync<ExportException>(() => BackupFixture.ImportAsync(options, data.Time, file));
            Assert.Contains($"Grains:{name}", error.Message, StringComparison.Ordinal);
            Assert.Contains("Raise it", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task AnExportWithAQuotaBelowThatOfTheBrokerIsRefusedOrTold()
    {
        var data = await SampleData.FullAsync();
        var low = new GrainOptions { RetainedMaxMessages = 1 };
        var target = new SimulatedDisk(new Random(1));
        var report = await new DataExport(data.Disk, low, data.Time, new NoProgress()).WriteAsync(target, BackupFixture.File);
        Assert.Contains("1 retained messages were over the quota", Assert.Single(report.Warnings), StringComparison.Ordinal);

        var imported = await BackupFixture.ImportAsync(BackupFixture.Options(), data.Time, await BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), data.Time));
        var error = await Assert.ThrowsAsync<ExportException>(() => BackupFixture.ExportAsync(imported, low, data.Time));
        Assert.Contains("Give the configuration of the broker", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFullDiskIsNamed()
    {
        var data = await SampleData.FullAsync();
        var file = await BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), data.Time);
        for (var writes = 0; writes < 40; writes++)
        {
            var (left, isMet) = (writes, false);
            var target = new SimulatedDisk(new Random(1));
            target.Fault = (operation, _) =>
            {
                isMet |= operation == DiskOperation.Write && left == 0;
                return operation == DiskOperation.Write && left-- <= 0 ? new DiskFullException("There is no space.") : null;
            };
            if (await Record.ExceptionAsync(() => BackupFixture.ImportAsync(target, BackupFixture.Options(), data.Time, file)) is { } error)
            {
                Assert.Contains("cannot be written", Assert.IsType<ExportException>(error).Message, StringComparison.Ordinal);
            }
            else
            {
                Assert.False(isMet && await BackupFixture.DescribeAsync(target, BackupFixture.Options(), data.Time) == "");
            }

            if (!isMet)
            {
                return;
            }
        }
        Assert.Fail("An import of a few records takes less than 40 writes.");
    }

    [Fact]
    public async Task ADamageIsNamedAndTheRestIsExportedWhenAskedFor()
    {
        var data = await SampleData.FullAsync();
        var segment = data.Disk.Files().First(file => file.StartsWith("sessions/0/", StringComparison.Ordinal) && file.EndsWith(".segment", StringComparison.Ordinal));
        var bytes = data.Disk.Contents(segment);
        bytes[bytes.AsSpan().IndexOf("mine"u8)] ^= 1;
        data.Disk.SetContents(segment, bytes);

        var error = await Assert.ThrowsAsync<ExportException>(() => BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), data.Time));
        Assert.Contains(segment, error.Message, StringComparison.Ordinal);
        Assert.EndsWith("; or export the rest with --skip-damaged.", error.Message, StringComparison.Ordinal);

        var target = new SimulatedDisk(new Random(1));
        var report = await new DataExport(data.Disk, BackupFixture.Options(), data.Time, new NoProgress()) { SkipsDamaged = true }
            .WriteAsync(target, BackupFixture.File);
        Assert.Contains(segment, Assert.Single(report.Warnings), StringComparison.Ordinal);
        var imported = await BackupFixture.ImportAsync(BackupFixture.Options(), data.Time, target);
        var text = await BackupFixture.DescribeAsync(imported, BackupFixture.Options(), data.Time);
        Assert.Contains("both", text, StringComparison.Ordinal);
        Assert.DoesNotContain("mine", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMessageThatIsDamagedAfterItsSnapshotIsLeftOut()
    {
        var data = await SampleData.FullAsync();
        // now its place is in a snapshot, and its bytes are read only when they are exported
        var imported = await BackupFixture.ImportAsync(BackupFixture.Options(), data.Time, await BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), data.Time));
        var segment = imported.Files().First(file => imported.Contents(file).AsSpan().IndexOf("mine"u8) >= 0);
        var bytes = imported.Contents(segment);
        bytes[bytes.AsSpan().IndexOf("mine"u8)] ^= 1;
        imported.SetContents(segment, bytes);

        await Assert.ThrowsAsync<ExportException>(() => BackupFixture.ExportAsync(imported, BackupFixture.Options(), data.Time));
        var target = new SimulatedDisk(new Random(1));
        var report = await new DataExport(imported, BackupFixture.Options(), data.Time, new NoProgress()) { SkipsDamaged = true }
            .WriteAsync(target, BackupFixture.File);
        Assert.Contains("2 messages could not be read and are left out.", report.Warnings);
        var rest = await BackupFixture.DescribeAsync(
            await BackupFixture.ImportAsync(BackupFixture.Options(), data.Time, target), BackupFixture.Options(), data.Time);
        Assert.Contains("t/away 3600", rest, StringComparison.Ordinal);
        Assert.DoesNotContain("mine", rest, StringComparison.Ordinal);
    }

    private static async Task<SampleData> OneAsync(string text)
    {
        var data = await SampleData.EmptyAsync();
        await data.AttachAsync("t/same");
        await data.DetachAsync("t/same");
        await data.QueueAsync(text, ["t/same"]);
        await data.RetainAsync("a/b", text);
        return data;
    }
}
