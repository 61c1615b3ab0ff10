using GrainMQ.Grains.Backup;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Xunit;

namespace GrainMQ.Tests.Grains.Backup;

/// <summary>A file that is not as it was written is refused, wherever it was changed or cut.</summary>
public sealed class ExportFileTests
{
    private static readonly ManualTimeProvider Time = new();

    [Fact]
    public async Task EveryChangedByteIsFound()
    {
        var bytes = await FileAsync();
        for (var at = 0; at < bytes.Length; at++)
        {
            var changed = bytes.ToArray();
            changed[at] ^= (byte)(1 << (at % 8));
            var error = await RefusedAsync(changed);
            Assert.Contains("'sim:backup'", error, StringComparison.Ordinal);
            Assert.Contains(at < 8 ? "is not an export" : "was changed", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task EveryCutIsFound()
    {
        var bytes = await FileAsync();
        for (var length = 0; length < bytes.Length; length++)
        {
            var error = await RefusedAsync(bytes[..length]);
            Assert.Contains(length < 8 ? "is not an export" : $"ends too early, at byte {length}", error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task SomethingBehindTheEndIsFound()
    {
        var bytes = await FileAsync();
        Assert.Contains("too early", await RefusedAsync([.. bytes, 1]), StringComparison.Ordinal);
        Assert.Contains("was changed", await RefusedAsync([.. bytes, .. new byte[100]]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ANewerVersionIsNamed()
    {
        var bytes = await FileAsync();
        new ExportHeader(3, 0, 0).ToBytes().CopyTo(bytes, 0);
        Assert.Contains("has format version 3, and this version of GrainMQ reads up to 2", await RefusedAsync(bytes), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingFileIsNamed()
    {
        var error = await Assert.ThrowsAsync<ExportException>(() =>
            BackupFixture.ImportAsync(BackupFixture.Options(), Time, new SimulatedDisk(new Random(1))));
        Assert.Equal("'sim:backup' does not exist. Name the file that 'export' wrote.", error.Message);
    }

    [Theory]
    [InlineData("an unknown type 99", 99)]
    [InlineData("not where it belongs", 1, 1)]
    [InlineData("not where it belongs", 2)]
    [InlineData("not where it belongs", 1, 6, 4)]
    [InlineData("more than 0 messages", 1, 4)]
    [InlineData("there are ExportCounts { Sessions = 0, Messages = 0, Wills = 0, Retained = 1 }", 1, 5, 6)]
    public async Task RecordsThatDoNotBelongThereAreRefused(string why, params int[] types)
    {
        var disk = new SimulatedDisk(new Random(1));
        using (var file = disk.Open(BackupFixture.File, create: true))
        {
            var writer = new ExportWriter(file, Time.GetUtcNow().ToUnixTimeMilliseconds());
            if (types[0] == 99)
            {
                Add(writer, ExportRecord.Begin);
            }

            foreach (var type in types)
            {
                Add(writer, (byte)type);
            }

            writer.Finish();
        }
        var error = await Assert.ThrowsAsync<ExportException>(() => BackupFixture.ImportAsync(BackupFixture.Options(), Time, disk));
        Assert.Contains(why, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(-1)]
    [InlineData(100)]
    public async Task MoreMessagesThanTheFileCanHoldAreRefused(long messages)
    {
        var disk = new SimulatedDisk(new Random(1));
        using (var file = disk.Open(BackupFixture.File, create: true))
        {
            var (writer, record) = (new ExportWriter(file, Time.GetUtcNow().ToUnixTimeMilliseconds()), new RecordWriter());
            ExportCounts.Write(record, new ExportCounts(0, messages, 0, 0));
            writer.Add(ExportRecord.Begin, 0, [], record.Written);
            writer.Finish();
        }
        var error = await Assert.ThrowsAsync<ExportException>(() => BackupFixture.ImportAsync(BackupFixture.Options(), Time, disk));
        Assert.Contains($"number 0: it speaks of {messages} messages. Export it again.", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFullDiskLeavesNoFileAndTheOneBefore()
    {
        var data = await SampleData.FullAsync();
        var target = await BackupFixture.ExportAsync(data.Disk, BackupFixture.Options(), Time);
        var before = target.Contents(BackupFixture.File);
        target.Capacity = before.Length + 100;
        target.Fault = (operation, _) => operation == DiskOperation.Write && target.FreeBytes < 200 ? new DiskFullException("There is no space.") : null;
        var error = await Assert.ThrowsAsync<ExportException>(() =>
            new DataExport(data.Disk, BackupFixture.Options(), Time, new NoProgress()).WriteAsync(target, BackupFixture.File));
        Assert.Equal("'sim:backup' cannot be written: There is no space. Free some space, or write to another disk.", error.Message);
        Assert.Equal([BackupFixture.File], target.Files());
        Assert.Equal(before, target.Contents(BackupFixture.File));
    }

    private static void Add(ExportWriter writer, byte type)
    {
        var record = new RecordWriter();
        if (type is ExportRecord.Begin or ExportRecord.End)
        {
            ExportCounts.Write(record, ExportCounts.None);
        }

        if (type == ExportRecord.Retained)
        {
            ExportFields.Retained(record, "t", new GrainMQ.Grains.Contracts.RetainEntry("a", [1], 0));
        }

        writer.Add(type, 0, [], record.Written);
    }

    private static async Task<byte[]> FileAsync() =>
        (await BackupFixture.ExportAsync((await SampleData.FullAsync()).Disk, BackupFixture.Options(), Time)).Contents(BackupFixture.File);

    private static async Task<string> RefusedAsync(byte[] bytes)
    {
        var disk = new SimulatedDisk(new Random(1));
        disk.SetContents(BackupFixture.File, bytes);
        return (await Assert.ThrowsAsync<ExportException>(() => BackupFixture.ImportAsync(BackupFixture.Options(), Time, disk))).Message;
    }
}
