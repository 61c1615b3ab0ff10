namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>A log as its writer under one epoch has it. The epoch goes with every change, so that an older writer is refused.</summary>
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

    public ValueTask<ReadReply> ReadAsync(long from, LogPage page) => log.ReadAsync(from, page);

    public ValueTask<ReadReply> ReadSnapshotAsync(long from, LogPage page) => log.ReadSnapshotAsync(from, page);

    public ILogSnapshot BeginSnapshot(long offset) => log.BeginSnapshot(epoch, offset);
}
