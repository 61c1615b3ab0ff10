using Orleans.Concurrency;

namespace GrainMQ.Grains.Contracts;

/// <summary>
/// The cluster's one directory of gateways, key 0: which gateways are alive, in which state, and how many shards the cluster has.
/// Every call but the first answers with the view as it is then. Numbers and members are journaled before they are told.
/// </summary>
[Alias("GrainMQ.IDirectoryGrain")]
public interface IDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Gives a gateway its number. The gateway is a member from its first heartbeat on. A call that is repeated gets another number; the first one
    /// is then never used.
    /// </summary>
    [Alias("Join")] Task<JoinReply> JoinAsync(JoinRequest request);

    /// <summary>
    /// Renews a gateway's lease (<see cref="GrainOptions.GatewayLease"/>, 10 s by default). A gateway calls it every second. A beat of a gateway that
    /// has left changes nothing.
    /// </summary>
    [Alias("Heartbeat")] Task<ClusterView> HeartbeatAsync(GatewayBeat beat);

    /// <summary>Removes a gateway at once, without waiting for its lease to end. An unknown gateway changes nothing.</summary>
    [Alias("Leave")] Task<ClusterView> LeaveAsync(GatewayRef gateway);

    /// <summary>Returns the view without changing a lease.</summary>
    [Alias("GetView"), AlwaysInterleave] Task<ClusterView> GetViewAsync();
}
