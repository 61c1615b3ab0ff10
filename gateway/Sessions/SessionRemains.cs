using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>What a durable session hands over to the store when its connection has ended.</summary>
/// <param name="Pending">Deliveries that the store does not know, oldest first; see <see cref="UnfinishedDeliveries.TakeForStore"/>.</param>
/// <param name="InboundQoS2">Identifiers of the client's QoS 2 publications between PUBLISH and PUBREL.</param>
/// <param name="UncertainQoS2">Those of which only the store knows whether it has noted them.</param>
/// <param name="Ended">Numbers whose delivery has ended, as pairs of first and last.</param>
internal readonly record struct SessionRemains(PendingMessage[] Pending, ushort[] InboundQoS2, ushort[] UncertainQoS2, long[] Ended);
