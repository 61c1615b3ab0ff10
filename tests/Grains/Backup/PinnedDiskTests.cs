using GrainMQ.Grains.Backup;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Grains.LogStore;
using Xunit;

namespace GrainMQ.Tests.Grains.Backup;

/// <summary>A log is read while its writer goes on, and the writer never notices.</summary>
public sealed class PinnedDiskTests
{
    private readonly LogFixture _fixture = new(new LogStoreOptions { SegmentBytes = 4_096, MinFreeBytes = 0 });

    [Fact]
    public async Task WhatIsAppendedTrimmedAndReplacedAfterwardsChangesNothing()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1, 200);
        using var pinned = Pin();
        await AppendAsync(log, 201, 400);
        await LogFixture.TrimAsync(log, 350);
        await SnapshotAsync(log);
        Assert.Equal(Enumerable.Range(1, 200).Select(id => (long)id), await IdsAsync(pinned));
    }

    [Fact]
    public async Task NothingIsWrittenToTheSource()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1, 200);
        var before = _fixture.Disk.Files().ToDictionary(file => file, _fixture.Disk.Contents);
        using (var pinned = Pin())
        {
            await IdsAsync(pinned);
        }

        Assert.Equal(before, _fixture.Disk.Files().ToDictionary(file => file, _fixture.Disk.Contents));
        Assert.True(await log.IsCurrentAsync());
    }

    [Fact]
    public async Task ABlockThatIsBeingWrittenIsLeftOut()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1, 3);
        var segment = _fixture.Disk.Files().Single(file => file.EndsWith(".segment", StringComparison.Ordinal));
        var whole = _fixture.Disk.Contents(segment).Length;
        await AppendAsync(log, 4, 4);
        var bytes = _fixture.Disk.Contents(segment);
        for (var length = whole; length < bytes.Length; length++)
        {
            _fixture.Disk.SetContents(segment, bytes[..length]);
            using var pinned = Pin();
            Assert.Equal([1, 2, 3], await IdsAsync(pinned));
        }
    }

    /// <summary>The writer replaces everything before one of the operations of the pin, whichever it is.</summary>
    [Fact]
    public async Task AManifestThatChangesMeanwhileIsReadAgain()
    {
        var (log, next) = (await _fixture.OpenAsync(), 1L);
        var isReplaced = true;
        for (var at = 1; isReplaced; at++)
        {
            var left = at;
            isReplaced = false;
            await AppendAsync(log, next, next + 99);
            _fixture.Disk.Fault = (operation, _) =>
            {
                if (--left != 0)
                {
                    return null;
                }

                isReplaced = true;
                AppendAsync(log, next + 100, next + 199).GetAwaiter().GetResult(); // nothing here waits for another thread
                SnapshotAsync(log).GetAwaiter().GetResult();
                return null;
            };
            using var pinned = Pin();
            _fixture.Disk.Fault = (_, _) => null;
            next += isReplaced ? 200 : 100;
            // seen before or after, but not something of both
            var opening = await Logs(pinned).OpenAsync(LogFixture.Name, 0);
            Assert.Empty(opening.Findings);
            var seen = opening.Log!; // without a finding it is open
            Assert.Contains(seen.NextOffset, isReplaced ? new[] { next - 101, next - 1 } : [next - 1]);
            Assert.Equal(seen.Snapshot?.Offset ?? 0, seen.FirstOffset);
            Assert.Equal(seen.NextOffset - seen.FirstOffset, (await LogFixture.ReadIdsAsync(seen)).Count);
        }
    }

    [Fact]
    public void ADirectoryThatIsNotThereIsEmpty()
    {
        using var pinned = new PinnedDisk(_fixture.Disk, ["log/7"]);
        Assert.Equal((0, 0), (pinned.Bytes, pinned.List("log/7").Count));
    }

    [Fact]
    public void WhatIsWrittenStandsBehindWhatIsKept()
    {
        _fixture.Disk.SetContents("log/0/file", [1, 2, 3, 4, 5, 6]);
        using var pinned = Pin();
        var file = pinned.Open("log/0/file", create: false);
        file.Write([7, 8], 4);
        file.Write([9], 7);
        Assert.Equal([1, 2, 3, 4, 7, 8, 0, 9], Contents(file));
        file.Truncate(5);
        Assert.Equal([1, 2, 3, 4, 7], Contents(file));
        file.Truncate(2);
        file.Write([5], 2);
        Assert.Equal([1, 2, 5], Contents(file));
        file.Write([0], 0);
        Assert.Equal([0, 2, 5], Contents(file));
        Assert.Equal([1, 2, 3, 4, 5, 6], _fixture.Disk.Contents("log/0/file"));
    }

    private static byte[] Contents(IDiskFile file)
    {
        var bytes = new byte[file.Length + 1];
        return bytes[..file.Read(bytes, 0)];
    }

    private PinnedDisk Pin() => new(_fixture.Disk, [LogFixture.Name]);

    private static SegmentLogStore Logs(PinnedDisk disk) => BackupFixture.Logs(disk);

    private static async Task<List<long>> IdsAsync(PinnedDisk disk)
    {
        var opening = await Logs(disk).OpenAsync(LogFixture.Name, 0);
        return await LogFixture.ReadIdsAsync(opening.Log!); // it was sound when it was pinned
    }

    private static async Task AppendAsync(IWriteAheadLog log, long first, long last)
    {
        for (var id = first; id <= last; id++)
        {
            await LogFixture.AppendAsync(log, id);
        }
    }

    private static async Task SnapshotAsync(IWriteAheadLog log)
    {
        await using var snapshot = log.BeginSnapshot(log.NextOffset);
        Assert.Equal(LogResult.Ok, (await snapshot.AddAsync(LogFixture.Batch(1))).Result);
        Assert.Equal(LogResult.Ok, (await snapshot.CommitAsync()).Result);
    }
}
