namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>A stored log as its writer under one epoch sees it.</summary>
internal sealed class LogHandle(WriteAheadLog log, long epoch) : IWriteAheadLog
{
    public string Name => log.Name;

    public long Epoch => epoch;

    public long FirstOffset => log.View.FirstOffset;

    public long NextOffset => log.View.NextOffset;

    public LogSnapshotInfo? Snapshot => log.View.Snapshot is { } snapshot ? new(snapshot.Entry.Offset, snapshot.Entry.Count) : null;

    public IReadOnlyList<LogSegmentInfo> Sealed =>
        [.. log.View.Segments.SkipLast(1).Select(segment => new LogSegmentInfo(segment.BaseOffset, segment.NextOffset, segment.Extent.DataEnd))];

    public ValueTask<bool> IsCurrentAsync() => new(log.IsCurrent(epoch));

    public ValueTask<AppendReply> AppendAsync(LogBatch batch) => log.AppendAsync(epoch, batch);

    public ValueTask<ReadReply> ReadAsync(LogRead request, LogPage page) => log.ReadAsync(request, page);

    public ValueTask<ReadReply> ReadSnapshotAsync(LogRead request, LogPage page) => log.ReadSnapshotAsync(request, page);

    public ValueTask<LogReply> TrimAsync(long below) => log.TrimAsync(epoch, below);

    public ILogSnapshot BeginSnapshot(long offset) => log.BeginSnapshot(epoch, offset);
}
