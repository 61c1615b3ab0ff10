using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions;

/// <summary>Which version of the interest table each gateway routes by, and calls that wait for all of them.</summary>
internal sealed class InterestAcks(
    JournaledShard<SessionSnapshot, SessionChange> shard, InterestTable interest, GatewayWatch watch, TimeSpan timeout, TimeProvider time,
    SiloStop stop)
{
    private readonly ChangeSignal _acked = new(time, stop.Token);

    /// <summary>A gateway has applied everything up to the version.</summary>
    public void Note(GatewayRef gateway, long version)
    {
        watch.Acked(gateway, version);
        _acked.Raise();
    }

    /// <summary>
    /// Waits until every gateway routes to the sessions announced until now; false if the time-out (<see cref="GrainOptions.PresetTimeout"/>)
    /// comes first, or the activation ends.
    /// </summary>
    public async Task<bool> AllRouteAsync(long began)
    {
        var version = interest.Version;
        var deadline = began + (long)timeout.TotalMilliseconds;
        for (var now = began; !shard.IsOver && !watch.AllAcked(version); now = shard.Now())
        {
            if (now >= deadline || stop.HasBegun)
            {
                return false;
            }

            await _acked.WaitAsync(deadline - now);
        }
        return !shard.IsOver;
    }

    /// <summary>Wakes the calls that wait because the activation ends.</summary>
    public void End() => _acked.Raise();
}
