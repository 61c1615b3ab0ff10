using GrainMQ.Grains.LogStore;

namespace GrainMQ.Tests.Testing.LogStore;

/// <summary>Hands everything on to another log; what is made of it overrides what it is about.</summary>
public abstract class PassingLog(IWriteAheadLog log) : IWriteAheadLog
{
    public string Name => log.Name;

    public long Epoch => log.Epoch;

    public long FirstOffset => log.FirstOffset;

    public long NextOffset => log.NextOffset;

    public LogSnapshotInfo? Snapshot => log.Snapshot;

    public IReadOnlyList<LogSegmentInfo> Sealed => log.Sealed;

    public ValueTask<bool> IsCurrentAsync() => log.IsCurrentAsync();

    public virtual ValueTask<AppendReply> AppendAsync(LogBatch batch) => log.AppendAsync(batch);

    public virtual ValueTask<ReadReply> ReadAsync(LogRead request, LogPage page) => log.ReadAsync(request, page);

    public virtual ValueTask<ReadReply> ReadSnapshotAsync(LogRead request, LogPage page) => log.ReadSnapshotAsync(request, page);

    public virtual ValueTask<LogReply> TrimAsync(long below) => log.TrimAsync(below);

    public virtual ILogSnapshot BeginSnapshot(long offset) => log.BeginSnapshot(offset);
}
