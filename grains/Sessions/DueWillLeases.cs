using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions;

/// <summary>Gives due wills to the gateways that publish them.</summary>
internal sealed class DueWillLeases(JournaledShard<SessionSnapshot, SessionChange> shard, DueWills wills)
{
    // what one poll's answer may hold
    private const int MostWills = 256;
    private const int MostBytes = 1 << 20;

    /// <summary>Leases the oldest available wills to a gateway; returns none if there are none, or they cannot be leased now.</summary>
    public async ValueTask<DueWill[]> LeaseAsync(GatewayRef gateway, long now)
    {
        if (!wills.HasAvailable || !await shard.Writer.HasSpaceAsync())
        {
            return []; // a will that could not be stored for its subscribers would be lost: it waits for space
        }

        var due = wills.Available(MostWills, MostBytes);
        if (due.Length == 0)
        {
            return due;
        }
        // committed before it is handed out: after a fault no other gateway gets it until the lease has lapsed
        var leased = new WillsLeased(now, gateway, [.. due.Select(will => will.Id)]);
        wills.Lease(gateway, now, leased.Ids);
        return await shard.CommitAsync(leased) == SessionResult.Ok ? due : [];
    }

    /// <summary>Removes wills that a gateway has published.</summary>
    public async Task<SessionResult> CompleteAsync(long[] ids)
    {
        if (shard.IsOver)
        {
            return SessionResult.Busy;
        }

        var now = shard.Begin();
        wills.Complete(ids);
        return (await shard.CommitAsync(new WillsCompleted(now, ids))).BusyIfFull();
    }
}
