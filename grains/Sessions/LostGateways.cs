using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions;

/// <summary>Disconnects the sessions of gateways that have been silent for too long.</summary>
internal sealed class LostGateways(
    JournaledShard<SessionSnapshot, SessionChange> shard, StoreShardState state, GatewayWatch watch, UnreadSessions unread,
    SessionStoreGrain.Log log)
{
    /// <summary>When the next gateway counts as lost, if nothing is heard of it until then; <see cref="long.MaxValue"/> if none will.</summary>
    public long NextLoss => state.Owners.Gateways.Min(watch.LostAt) ?? long.MaxValue;

    public async ValueTask DisconnectAsync(long now)
    {
        foreach (var gateway in state.Owners.Gateways.Where(gateway => watch.LostAt(gateway) <= now).ToArray())
        {
            log.GatewayLost(shard.Number, gateway.Number);
            state.Lifecycle.Lose(gateway, now);
            watch.Forget(gateway);
            unread.Forget(gateway);
            await shard.CommitAsync(new GatewayLost(now, gateway));
        }
    }
}
