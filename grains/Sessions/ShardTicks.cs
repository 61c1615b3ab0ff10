using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Journals the time once a minute while something in the shard waits for it. The next start goes on from there if the wall clock was set back
/// meanwhile, so that an expiry grows by a minute at most.
/// </summary>
internal sealed class ShardTicks(JournaledShard<SessionSnapshot, SessionChange> shard, StoreShardState state)
{
    private const long Interval = 60_000;

    private long? _last;

    public async ValueTask NoteAsync(long now)
    {
        _last ??= now;
        var isAwaited = state.Lifecycle.NextDue < long.MaxValue || state.Queues.TotalMessages > 0;
        if (isAwaited && now - _last >= Interval && await shard.Writer.HasSpaceAsync())
        {
            _last = now;
            await shard.CommitAsync(new Ticked(now));
        }
    }
}
