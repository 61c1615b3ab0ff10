using GrainMQ.Grains.LogStore;

namespace GrainMQ.Tests.Testing.LogStore;

/// <summary>Hands everything on to another store; what is made of it wraps the logs.</summary>
public abstract class PassingLogStore(ILogStore store) : ILogStore
{
    public virtual async ValueTask<LogOpening> OpenAsync(string name, long leastEpoch)
    {
        var opening = await store.OpenAsync(name, leastEpoch).ConfigureAwait(false);
        return opening.Log is { } log ? opening with { Log = Wrap(log) } : opening;
    }

    public ValueTask DisposeAsync() => store.DisposeAsync();

    /// <summary>Called for each log that was opened.</summary>
    protected abstract IWriteAheadLog Wrap(IWriteAheadLog log);
}

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

    public virtual ValueTask<ReadReply> ReadAsync(long from, LogPage page) => log.ReadAsync(from, page);

    public virtual ValueTask<ReadReply> ReadSnapshotAsync(long from, LogPage page) => log.ReadSnapshotAsync(from, page);

    public virtual ILogSnapshot BeginSnapshot(long offset) => log.BeginSnapshot(offset);
}
