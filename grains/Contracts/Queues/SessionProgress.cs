namespace GrainMQ.Grains.Contracts;

/// <summary>How far the deliveries of one session have come since its last report.</summary>
/// <param name="Key">The session's key.</param>
/// <param name="Epoch">The epoch of the connection that reports.</param>
/// <param name="Done">Numbers whose delivery has ended, as pairs of first and last.</param>
/// <param name="Started">QoS 2 deliveries about to be sent, or released by PUBREC: committed before the packet leaves.</param>
/// <param name="InboundReleased">Identifiers of the client's own QoS 2 publications that PUBREL has freed: committed before PUBCOMP.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.SessionProgress")]
public sealed record SessionProgress(
    [property: Id(0)] string Key,
    [property: Id(1)] ulong Epoch,
    [property: Id(2)] long[] Done,
    [property: Id(3)] StartedDelivery[] Started,
    [property: Id(4)] ushort[] InboundReleased);
