using Orleans.Concurrency;

namespace GrainMQ.Grains.Contracts;

/// <summary>
/// The cluster's one directory of gateways, key 0: which gateways are alive, in which state, and how many shards the cluster has.
/// Every call answers with the view as it is then.
/// </summary>
[Alias("GrainMQ.IDirectoryGrain")]
public interface IDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Renews a gateway's lease (<see cref="GrainOptions.GatewayLease"/>, 10 s by default). A gateway calls it every second. It replaces an older
    /// incarnation of the same id; a beat of an older incarnation, or of one that has left, changes nothing.
    /// </summary>
    [Alias("Heartbeat")] Task<ClusterView> HeartbeatAsync(GatewayBeat beat);

    /// <summary>Removes a gateway at once, without waiting for its lease to end. An unknown gateway changes nothing.</summary>
    [Alias("Leave")] Task<ClusterView> LeaveAsync(GatewayRef gateway);

    /// <summary>Returns the view without changing a lease.</summary>
    [Alias("GetView"), AlwaysInterleave] Task<ClusterView> GetViewAsync();
}
