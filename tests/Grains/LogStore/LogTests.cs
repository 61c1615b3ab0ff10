using GrainMQ.Grains.LogStore;
using GrainMQ.Tests.Testing.LogStore;
using Xunit;
using static GrainMQ.Tests.Grains.LogStore.LogFixture;

namespace GrainMQ.Tests.Grains.LogStore;

public sealed class LogTests
{
    private readonly LogFixture _fixture = new(new LogStoreOptions { SegmentBytes = 4_096, SegmentAge = TimeSpan.FromHours(1), MinFreeBytes = 10_000 });

    [Fact]
    public async Task RecordsAreReadAsTheyWereAppended()
    {
        var log = await _fixture.OpenAsync();
        var batch = new LogBatch();
        batch.Add(3, 4, 77, [1, 2], "payload"u8);
        batch.Add(8, "journal"u8);
        var appended = await log.AppendAsync(batch);

        var page = new LogPage();
        Assert.Equal(new ReadReply(LogResult.Ok, 2), await log.ReadAsync(0, page));

        Assert.Equal(new AppendReply(LogResult.Ok, 0), appended);
        var records = page.GetEnumerator();
        Assert.True(records.MoveNext());
        var first = records.Current;
        Assert.Equal((0L, (byte)3, (byte)4, 77UL), (first.Offset, first.Type, first.Flags, first.Hlc));
        Assert.Equal(("\u0001\u0002", "payload"), (Text(first.Properties), Text(first.Payload)));
        Assert.True(records.MoveNext());
        Assert.Equal((1L, (byte)8, "", "journal"), (records.Current.Offset, records.Current.Type, Text(records.Current.Properties), Text(records.Current.Payload)));
        Assert.False(records.MoveNext());
    }

    [Fact]
    public async Task OlderWriterIsFencedEverywhere()
    {
        var zombie = await _fixture.OpenAsync();
        await AppendAsync(zombie, 1);
        var log = await _fixture.OpenAsync();

        Assert.True(log.Epoch > zombie.Epoch);
        Assert.Equal(LogResult.Fenced, (await zombie.AppendAsync(Batch(2))).Result);
        await using (var snapshot = zombie.BeginSnapshot(1))
        {
            Assert.Equal(LogResult.Fenced, (await snapshot.CommitAsync()).Result);
        }

        Assert.False(await zombie.IsCurrentAsync());
        Assert.True(await log.IsCurrentAsync());
        await AppendAsync(log, 3);
        Assert.Equal([1, 3], await ReadIdsAsync(log));
    }

    [Fact]
    public async Task EpochIsAtLeastTheClockAndNeverUsedTwice()
    {
        var first = await _fixture.Store.OpenAsync(Name, 1_000);
        _fixture.Kill();
        var second = await _fixture.Store.OpenAsync(Name, 5);
        Assert.Equal((1_000, 1_001), (first.Log?.Epoch, second.Log?.Epoch));
    }

    [Fact]
    public async Task FullSegmentIsRolledAndTrimmedWhole()
    {
        var log = await _fixture.OpenAsync();
        for (var id = 0; id < 200; id++)
        {
            await AppendAsync(log, id);
        }

        var files = Segments();
        Assert.True(files.Count > 3);

        Assert.Equal(LogReply.Ok, await TrimAsync(log, 100));

        Assert.True(Segments().Count < files.Count);
        Assert.InRange(log.FirstOffset, 1, 100);
        Assert.Equal(new ReadReply(LogResult.Trimmed, log.FirstOffset), await log.ReadAsync(0, new LogPage()));
        Assert.Equal(Enumerable.Range((int)log.FirstOffset, 200 - (int)log.FirstOffset).Select(id => (long)id), await ReadIdsAsync(log));
        _fixture.Kill();
        var again = await _fixture.OpenAsync();
        Assert.Equal(log.FirstOffset, again.FirstOffset);
    }

    [Fact]
    public async Task AgedSegmentIsRolledByTheNextAppend()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1, 2);
        await AppendAsync(log, 3);
        Assert.Single(Segments());

        _fixture.Time.Advance(TimeSpan.FromHours(1));
        await AppendAsync(log, 4);

        Assert.Equal([new LogSegmentInfo(0, 3, 307)], log.Sealed);
        Assert.Equal(2, Segments().Count);
        Assert.Equal([1, 2, 3, 4], await ReadIdsAsync(log));
    }

    [Fact]
    public async Task EveryOffsetIsFoundInOpenAndSealedSegments()
    {
        const int records = 20_000; // some chunks of 64 KB in each segment
        var fixture = new LogFixture(new LogStoreOptions { SegmentBytes = 400_000, MinFreeBytes = 0 });
        await FillAsync(await fixture.OpenAsync(), records, 500);
        await ReadEveryPlaceAsync(await fixture.OpenAsync(), records);
        await fixture.RestartAsync();
        await ReadEveryPlaceAsync(await fixture.OpenAsync(), records);
    }

    [Fact]
    public async Task ClockSurvivesTrimAndCrash()
    {
        var log = await _fixture.OpenAsync();
        for (var id = 1; id <= 100; id++)
        {
            await AppendAsync(log, id);
        }

        await TrimAsync(log, 100);
        _fixture.PowerCut();

        Assert.Equal(100UL, (await _fixture.Store.OpenAsync(Name, 0)).Hlc);
    }

    [Fact]
    public async Task FooterIsOnTheDiskWhenTheLogIsClosed()
    {
        await FillAsync(await _fixture.OpenAsync(), 1_000, 10);
        await _fixture.Store.DisposeAsync();
        var written = Segments().ToDictionary(file => file, _fixture.Disk.Contents);
        Assert.True(written.Count > 10); // a power cut would not spare all of them

        _fixture.PowerCut();

        Assert.All(Segments(), file => Assert.Equal(written[file], _fixture.Disk.Contents(file)));
        Assert.Equal(written.Count, Segments().Count);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task FooterThatAPowerCutToreIsMadeAgain(bool losesChunks, bool losesTrailer)
    {
        const int records = 6_000, trailerBytes = 48;
        var fixture = new LogFixture(new LogStoreOptions { SegmentBytes = 8 << 20, MinFreeBytes = 0 });
        await FillAsync(await fixture.OpenAsync(), records, 500);
        await fixture.RestartAsync();
        var file = fixture.Disk.Files().Single(name => name.EndsWith(".segment"));
        var whole = fixture.Disk.Contents(file);
        var trailer = whole.Length - trailerBytes;
        var footer = (int)BitConverter.ToInt64(whole, trailer + 16);

        var torn = (byte[])whole.Clone();
        for (var chunk = footer; losesChunks && chunk < trailer - 8; chunk += 16)
        {
            whole.AsSpan(trailer - 16, 8).CopyTo(torn.AsSpan(chunk + 8)); // every chunk begins where the last one does
        }

        torn.AsSpan(trailer, losesTrailer ? trailerBytes : 0).Clear();
        fixture.Disk.SetContents(file, torn);
        var log = await fixture.OpenAsync();

        Assert.Equal(Enumerable.Range(0, records).Select(id => (long)id), await ReadIdsAsync(log));
        await ReadEveryPlaceAsync(log, records);
        if (losesTrailer) // which an opening looks at; the chunks are looked at when they are needed
        {
            Assert.Equal(whole, fixture.Disk.Contents(file));
        }
    }

    [Fact]
    public async Task SnapshotReplacesTheRecordsBelowIt()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1, 2, 3);
        await using (var snapshot = log.BeginSnapshot(3))
        {
            await snapshot.AddAsync(Batch(10, 11));
            await AppendAsync(log, 4);
            await snapshot.AddAsync(Batch(12));
            Assert.Equal(LogReply.Ok, await snapshot.CommitAsync());
        }
        _fixture.PowerCut();
        log = await _fixture.OpenAsync();

        Assert.Equal(new LogSnapshotInfo(3, 3), log.Snapshot);
        var page = new LogPage();
        Assert.Equal(new ReadReply(LogResult.Ok, 3), await log.ReadSnapshotAsync(0, page));
        var ids = new List<long>();
        foreach (var record in page)
        {
            ids.Add(TestRecord.Of(record).Id);
        }

        Assert.Equal([10, 11, 12], ids);
        Assert.Equal([4], (await ReadAsync(log)).Records.Where(record => record.Offset >= 3).Select(record => record.Id));
    }

    [Fact]
    public async Task SnapshotThatIsNotCommittedLeavesNothing()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1);
        await using (var snapshot = log.BeginSnapshot(1))
        {
            await snapshot.AddAsync(Batch(10));
        }

        Assert.Null(log.Snapshot);
        Assert.DoesNotContain(_fixture.Disk.Files(), file => file.EndsWith(".snapshot"));
        Assert.Equal([1], await ReadIdsAsync(log));
    }

    [Fact]
    public async Task TornTailIsCutAndReported()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1, 2);
        var file = Segments().Single();
        _fixture.Kill();
        var whole = _fixture.Disk.Contents(file);
        _fixture.Disk.SetContents(file, [.. whole, .. whole[48..100]]);

        var opening = await _fixture.Store.OpenAsync(Name, 0);

        var cut = Assert.Single(opening.Findings);
        Assert.Equal((LogFindingKind.CutTail, $"sim:{file}", whole.Length, 52, 2), (cut.Kind, cut.File, cut.Position, cut.Bytes, cut.FirstOffset));
        var reopened = Assert.IsAssignableFrom<IWriteAheadLog>(opening.Log);
        Assert.True(await AppendAsync(reopened, 3) >= 2);
        Assert.Equal([1, 2, 3], await ReadIdsAsync(reopened));
    }

    [Fact]
    public async Task FullDiskRefusesAndRecoversByItself()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1);
        _fixture.Disk.Capacity = 10_050; // 10,000 are kept free
        var refused = await log.AppendAsync(Batch(2));
        Assert.Equal(LogResult.Full, refused.Result);
        Assert.Contains("MinFreeBytes", refused.Fault?.Cause);

        _fixture.Disk.Capacity = 100_000;
        await AppendAsync(log, 3);
        Assert.Equal([1, 3], await ReadIdsAsync(log));
    }

    [Fact]
    public async Task LogOpensAndIsReadWithoutAByteToSpareAndGoesOnWhenThereIsSpace()
    {
        var first = await _fixture.OpenAsync();
        await AppendAsync(first, 1);
        _fixture.Kill();
        _fixture.Disk.Capacity = Used();

        var log = await _fixture.OpenAsync();
        Assert.True(log.Epoch > first.Epoch);
        Assert.Equal([1], await ReadIdsAsync(log));
        Assert.Equal(LogResult.Full, (await log.AppendAsync(Batch(2))).Result);
        Assert.Equal(LogResult.Full, (await TrimAsync(log, 1)).Result);
        var newer = await _fixture.OpenAsync(); // again, before anything could be written
        Assert.True(newer.Epoch > log.Epoch);
        Assert.Equal(LogResult.Fenced, (await log.AppendAsync(Batch(3))).Result);

        _fixture.Disk.Capacity = long.MaxValue;
        await AppendAsync(newer, 4);
        _fixture.PowerCut();
        var last = await _fixture.OpenAsync();
        Assert.True(last.Epoch > newer.Epoch);
        Assert.Equal([1, 4], await ReadIdsAsync(last));
    }

    [Fact]
    public async Task OrderlyStopWithoutAByteToSpareLosesNothing()
    {
        await AppendAsync(await _fixture.OpenAsync(), 1);
        _fixture.Kill();
        _fixture.Disk.Capacity = Used();
        await _fixture.OpenAsync();
        await _fixture.RestartAsync();
        _fixture.Disk.Capacity = long.MaxValue;

        Assert.Equal([1], await ReadIdsAsync(await _fixture.OpenAsync()));
    }

    [Theory]
    [InlineData(DiskOperation.Write)]
    [InlineData(DiskOperation.Flush)]
    public async Task DiskThatIsFullLateLeavesNoHalfBlock(DiskOperation operation)
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1);
        var length = _fixture.Disk.Contents(Segments().Single()).Length;
        var isFull = true;
        _fixture.Disk.Fault = (met, _) => met == operation && isFull && !(isFull = false) ? new DiskFullException("full") : null;

        Assert.Equal(LogResult.Full, (await log.AppendAsync(Batch(2))).Result);

        Assert.Equal(length, _fixture.Disk.Contents(Segments().Single()).Length);
        await AppendAsync(log, 3);
        _fixture.PowerCut();
        Assert.Equal([1, 3], await ReadIdsAsync(await _fixture.OpenAsync()));
    }

    [Fact]
    public async Task FailedFsyncFailsTheLogUntilItIsOpenedAgain()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1);
        var isBroken = true;
        _fixture.Disk.Fault = (met, _) => met == DiskOperation.Flush && isBroken && !(isBroken = false) ? new IOException("broken") : null;

        var failed = await log.AppendAsync(Batch(2));
        var after = await log.AppendAsync(Batch(3));

        Assert.Equal((LogResult.Failed, LogResult.Failed), (failed.Result, after.Result));
        Assert.Contains("broken", failed.Fault?.Cause);
        Assert.Equal([1], await ReadIdsAsync(log));
        log = await _fixture.OpenAsync();
        await AppendAsync(log, 4);
        Assert.Equal([1, 4], await ReadIdsAsync(log));
    }

    [Fact]
    public async Task NamesThatCouldLeaveTheDirectoryAreRefused()
    {
        foreach (var name in new[] { "", "../x", "a//b", "/a", "a/", "A", "a.b" })
        {
            await Assert.ThrowsAsync<ArgumentException>(async () => await _fixture.Store.OpenAsync(name, 0));
        }
    }

    private static async Task ReadEveryPlaceAsync(IWriteAheadLog log, int records)
    {
        for (var offset = 0; offset < records; offset += 97)
        {
            var page = new LogPage(256);
            Assert.Equal(LogResult.Ok, (await log.ReadAsync(offset, page)).Result);
            var found = page.GetEnumerator();
            Assert.True(found.MoveNext());
            Assert.Equal((offset, offset), (found.Current.Offset, TestRecord.Of(found.Current).Id));
        }
    }

    private static async Task FillAsync(IWriteAheadLog log, int records, int batch)
    {
        for (var id = 0; id < records; id += batch)
        {
            await AppendAsync(log, [.. Enumerable.Range(id, batch).Select(next => (long)next)]);
        }
    }

    private long Used() => _fixture.Disk.Files().Sum(file => (long)_fixture.Disk.Contents(file).Length);

    private List<string> Segments() => [.. _fixture.Disk.Files().Where(file => file.EndsWith(".segment"))];

    private static string Text(ReadOnlySpan<byte> bytes) => System.Text.Encoding.UTF8.GetString(bytes);
}
