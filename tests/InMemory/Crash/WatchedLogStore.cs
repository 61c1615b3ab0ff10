using GrainMQ.Grains.LogStore;
using GrainMQ.Tests.Testing.LogStore;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>Tells the watch of every opening and append of a store.</summary>
internal sealed class WatchedLogStore(ILogStore inner, WriterWatch watch) : ILogStore
{
    public async ValueTask<LogOpening> OpenAsync(string name, long leastEpoch)
    {
        var opening = await inner.OpenAsync(name, leastEpoch).ConfigureAwait(false);
        if (opening.Log is not { } log)
        {
            return opening;
        }

        watch.Opened(name, log.Epoch);
        return opening with { Log = new Log(log, watch) };
    }

    public ValueTask DisposeAsync() => inner.DisposeAsync();

    private sealed class Log(IWriteAheadLog log, WriterWatch watch) : PassingLog(log)
    {
        public override async ValueTask<AppendReply> AppendAsync(LogBatch batch)
        {
            var (wasCurrent, count) = (watch.IsCurrent(Name, Epoch), batch.Count);
            var reply = await base.AppendAsync(batch).ConfigureAwait(false);
            if (reply.Result == LogResult.Ok)
            {
                watch.Appended(Name, Epoch, wasCurrent, reply.FirstOffset, count);
            }

            return reply;
        }
    }
}
