using Orleans.Concurrency;

namespace GrainMQ.Grains.Contracts;

/// <summary>The one directory of gateways (key 0): who is alive, in which state, and how many shards the cluster has.</summary>
[Alias("GrainMQ.IDirectoryGrain")]
public interface IDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>Renews the lease of a gateway (10 s); called every second. An older incarnation of the same id is replaced.</summary>
    [Alias("Heartbeat")] Task<ClusterView> HeartbeatAsync(GatewayBeat beat);

    /// <summary>Removes a gateway at once, without waiting for its lease.</summary>
    [Alias("Leave")] Task<ClusterView> LeaveAsync(GatewayRef gateway);

    [Alias("GetView"), AlwaysInterleave] Task<ClusterView> GetViewAsync();
}

/// <summary>One run of one gateway process: a restart keeps the id and raises the incarnation.</summary>
[GenerateSerializer, Immutable, Alias("GrainMQ.GatewayRef")]
public sealed record GatewayRef([property: Id(0)] string Id, [property: Id(1)] long Incarnation);

public enum GatewayState : byte { Joining, Ready, Draining, Isolated }

[GenerateSerializer, Immutable, Alias("GrainMQ.GatewayBeat")]
public sealed record GatewayBeat(
    [property: Id(0)] GatewayRef Gateway,
    [property: Id(1)] string Endpoint,
    [property: Id(2)] GatewayState State,
    [property: Id(3)] int Connections);

/// <summary>The gateways that hold a lease. <c>ViewId</c> rises with every change; shard counts never change in a cluster's life.</summary>
/// <param name="Contracts"><see cref="ContractVersion.Current"/> of the silo that answers.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.ClusterView")]
public sealed record ClusterView(
    [property: Id(0)] long ViewId,
    [property: Id(1)] GatewayBeat[] Gateways,
    [property: Id(2)] int StoreShards,
    [property: Id(3)] int RetainShards,
    [property: Id(4)] int Contracts = 0);
