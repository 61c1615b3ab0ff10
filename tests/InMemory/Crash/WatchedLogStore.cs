using GrainMQ.Grains.LogStore;
using GrainMQ.Tests.Testing.LogStore;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>Tells the watch of every opening and append of a store.</summary>
internal sealed class WatchedLogStore(ILogStore inner, WriterWatch watch) : PassingLogStore(inner)
{
    protected override IWriteAheadLog Wrap(IWriteAheadLog log)
    {
        watch.Opened(log.Name, log.Epoch);
        return new Log(log, watch);
    }

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
