using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Segments;
using Xunit;
using static GrainMQ.Tests.Grains.LogStore.LogFixture;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>Bytes that changed, files that went: never served, always told, and everything else is.</summary>
public sealed class LogDamageTests
{
    private const int Records = 120; // in three segments

    private readonly LogFixture _fixture = new(new LogStoreOptions { SegmentBytes = 4_096, MinFreeBytes = 0 });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task EveryFlippedByteIsFoundOrDoesNotMatter(bool isStoppedInOrder)
    {
        await FillAsync(isStoppedInOrder);
        var files = _fixture.Disk.Files().ToDictionary(file => file, _fixture.Disk.Contents);
        Assert.Contains(files.Keys, file => file.EndsWith(".segment"));
        foreach (var (file, bytes) in files)
        {
            for (var position = 0; position < bytes.Length; position += file.EndsWith("manifest") ? 1 : Stride(position))
            {
                await FlipAsync(files, file, position);
            }
        }
    }

    [Fact]
    public async Task DamageInASealedSegmentIsToldAndTheRestIsServed()
    {
        await FillAsync(true);
        var file = _fixture.Disk.Files().First(name => name.EndsWith(".segment"));
        var bytes = _fixture.Disk.Contents(file);
        var block = bytes.AsSpan(SegmentHeader.Size);
        Assert.True(BlockHeader.TryRead(block, BitConverter.ToUInt32(bytes, 40), out var first));
        bytes[SegmentHeader.Size + first.BlockLength + 70] ^= 1; // in the second block
        _fixture.Disk.SetContents(file, bytes);
        var log = await _fixture.OpenAsync();

        var (records, damages) = await ReadAsync(log);

        var damage = Assert.Single(damages);
        Assert.Equal((LogResult.Damaged, 4), (damage.Result, damage.NextOffset));
        Assert.Equal(($"sim:{file}", SegmentHeader.Size + first.BlockLength), (damage.Fault?.File, damage.Fault?.Position));
        Assert.Contains("records 2 to 3 are lost", damage.Fault?.Cause);
        Assert.Equal(Enumerable.Range(0, Records).Where(id => id is not (2 or 3)).Select(id => (long)id), records.Select(record => record.Id));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DamageBeforeTheLastFsyncIsNoTornTail(bool isBody)
    {
        await FillAsync(false);
        var file = _fixture.Disk.Files().Last(name => name.EndsWith(".segment"));
        var bytes = _fixture.Disk.Contents(file);
        bytes[SegmentHeader.Size + (isBody ? 60 : 20)] ^= 1; // the first block of the segment that was written to
        _fixture.Disk.SetContents(file, bytes);

        var opening = await _fixture.Store.OpenAsync(Name, 0);

        var finding = Assert.Single(opening.Findings);
        Assert.Equal((LogFindingKind.Damage, $"sim:{file}", SegmentHeader.Size), (finding.Kind, finding.File, finding.Position));
        var (records, damages) = await ReadAsync(Assert.IsAssignableFrom<IWriteAheadLog>(opening.Log));
        Assert.Single(damages);
        Assert.Equal(Records - 2, records.Count);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task DeletedSegmentIsToldAndTheRestIsServed(int which)
    {
        await FillAsync(true);
        var segments = _fixture.Disk.Files().Where(name => name.EndsWith(".segment")).ToArray();
        var file = segments[which];
        var first = long.Parse(file.Split('/', '-')[2]);
        var next = long.Parse(segments[which + 1].Split('/', '-')[2]);
        _fixture.Disk.Delete(file);

        var opening = await _fixture.Store.OpenAsync(Name, 0);

        var finding = Assert.Single(opening.Findings);
        Assert.Equal((LogFindingKind.MissingSegment, $"sim:{file}", first, next), (finding.Kind, finding.File, finding.FirstOffset, finding.NextOffset));
        var (records, damages) = await ReadAsync(Assert.IsAssignableFrom<IWriteAheadLog>(opening.Log));
        Assert.Equal(next, Assert.Single(damages).NextOffset);
        Assert.Equal(Enumerable.Range(0, Records).Where(id => id < first || id >= next).Select(id => (long)id), records.Select(record => record.Id));
    }

    [Fact]
    public async Task DeletedLastSegmentLeavesItsNumbersUnused()
    {
        await FillAsync(false);
        _fixture.Disk.Delete(_fixture.Disk.Files().Last(name => name.EndsWith(".segment")));

        var opening = await _fixture.Store.OpenAsync(Name, 0);

        Assert.Equal(LogFindingKind.MissingSegment, Assert.Single(opening.Findings).Kind);
        Assert.True(await AppendAsync(Assert.IsAssignableFrom<IWriteAheadLog>(opening.Log), 1_000) >= 1L << 32);
    }

    [Fact]
    public async Task MissingManifestIsNotAnEmptyLog()
    {
        await FillAsync(true);
        _fixture.Disk.Delete($"{Name}/manifest");

        var opening = await _fixture.Store.OpenAsync(Name, 0);

        Assert.Equal((LogResult.Damaged, null), (opening.Result, opening.Log));
        Assert.Equal($"sim:{Name}/manifest", opening.Fault?.File);
        Assert.Contains("missing", opening.Fault?.Cause);
    }

    [Fact]
    public async Task NewerFormatIsRefusedByName()
    {
        await FillAsync(true);
        var bytes = _fixture.Disk.Contents($"{Name}/manifest");
        bytes[8] = 2;
        _fixture.Disk.SetContents($"{Name}/manifest", bytes);

        var opening = await _fixture.Store.OpenAsync(Name, 0);

        Assert.Equal(LogResult.Damaged, opening.Result);
        Assert.Contains("format version 2", opening.Fault?.Cause);
        Assert.Contains("up to version 1", opening.Fault?.Cause);
    }

    [Fact]
    public async Task OlderManifestRemovesNoNewerSegment()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1);
        var older = _fixture.Disk.Contents($"{Name}/manifest");
        log = await _fixture.OpenAsync();
        await AppendAsync(log, 2);
        _fixture.Kill();
        _fixture.Disk.SetContents($"{Name}/manifest", older);

        var opening = await _fixture.Store.OpenAsync(Name, 0);

        var unknown = Assert.Single(opening.Findings, finding => finding.Kind == LogFindingKind.UnknownFile);
        Assert.Contains(_fixture.Disk.Files(), file => unknown.File == $"sim:{file}");
    }

    [Fact]
    public async Task PayloadThatLooksLikeABlockIsNone()
    {
        var log = await _fixture.OpenAsync();
        await AppendAsync(log, 1);
        var forged = new LogBatch();
        forged.Add(1, "forged"u8);
        forged.Finish(1, 1, salt: 0);
        var batch = new LogBatch();
        batch.Add(1, forged.Block.Span);
        await log.AppendAsync(batch);
        await AppendAsync(log, 3);
        var file = _fixture.Disk.Files().Single(name => name.EndsWith(".segment"));
        _fixture.Kill();
        var bytes = _fixture.Disk.Contents(file);
        bytes[bytes.AsSpan().IndexOf("forged"u8) - RecordHeader.Size - BlockHeader.Size - 1] ^= 1;
        _fixture.Disk.SetContents(file, bytes);

        var (records, damages) = await ReadAsync(await _fixture.OpenAsync());

        Assert.Equal([1, 3], records.Select(record => record.Id));
        Assert.Single(damages);
    }

    private async Task FillAsync(bool isStoppedInOrder)
    {
        var log = await _fixture.OpenAsync();
        for (var id = 0; id < Records; id += 2)
        {
            await AppendAsync(log, id, id + 1);
        }

        if (isStoppedInOrder)
        {
            await _fixture.RestartAsync();
        }
        else
        {
            _fixture.Kill();
        }
    }

    /// <summary>Headers and the first blocks byte by byte; of the many that are alike every seventh.</summary>
    private static int Stride(int position) => position < 800 ? 1 : 7;

    private async Task FlipAsync(Dictionary<string, byte[]> files, string flipped, int position)
    {
        foreach (var (file, bytes) in files)
        {
            _fixture.Disk.SetContents(file, [.. bytes]);
        }

        var changed = _fixture.Disk.Contents(flipped);
        changed[position] ^= 0x10;
        _fixture.Disk.SetContents(flipped, changed);
        var opening = await _fixture.Store.OpenAsync(Name, 0);
        if (opening.Log is not { } log)
        {
            Assert.Equal((LogResult.Damaged, $"sim:{flipped}"), (opening.Result, opening.Fault?.File));
            Assert.EndsWith("manifest", flipped);
        }
        else
        {
            var (records, damages) = await ReadAsync(log);
            Assert.All(records, record => Assert.Equal(record.Offset, record.Id)); // never another one in its place
            var isTold = damages.Count > 0 || opening.Findings.Count > 0;
            Assert.Equal(isTold, records.Count < Records);
        }
        _fixture.Kill();
        foreach (var file in _fixture.Disk.Files().Except(files.Keys))
        {
            _fixture.Disk.Delete(file);
        }
    }
}
