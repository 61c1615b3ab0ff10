using GrainMQ.Grains.Storage;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>Tells the watch of every opening and append of a store.</summary>
internal sealed class WatchedLogStore(ILogStore inner, WriterWatch watch) : ILogStore
{
    public async ValueTask<LogOpening> OpenAsync(string name, long leastEpoch)
    {
        var opening = await inner.OpenAsync(name, leastEpoch).ConfigureAwait(false);
        if (opening.Log is not { } log)
            return opening;
        watch.Opened(name, log.Epoch);
        return opening with { Log = new Log(log, watch) };
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class Log(ILog log, WriterWatch watch) : ILog
    {
        public string Name => log.Name;

        public long Epoch => log.Epoch;

        public long FirstOffset => log.FirstOffset;

        public long NextOffset => log.NextOffset;

        public LogSnapshotInfo? Snapshot => log.Snapshot;

        public IReadOnlyList<LogSegmentInfo> Sealed => log.Sealed;

        public ValueTask<bool> IsCurrentAsync() => log.IsCurrentAsync();

        public async ValueTask<AppendReply> AppendAsync(LogBatch batch)
        {
            var (wasCurrent, count) = (watch.IsCurrent(Name, Epoch), batch.Count);
            var reply = await log.AppendAsync(batch).ConfigureAwait(false);
            if (reply.Result == LogResult.Ok)
                watch.Appended(Name, Epoch, wasCurrent, reply.FirstOffset, count);
            return reply;
        }

        public ValueTask<ReadReply> ReadAsync(LogRead request, LogPage page) => log.ReadAsync(request, page);

        public ValueTask<ReadReply> ReadSnapshotAsync(LogRead request, LogPage page) => log.ReadSnapshotAsync(request, page);

        public ValueTask<LogReply> TrimAsync(long below) => log.TrimAsync(below);

        public ILogSnapshot BeginSnapshot(long offset) => log.BeginSnapshot(offset);
    }
}
