using GrainMQ.Gateway.Connections;

namespace GrainMQ.Gateway.Delivery;

/// <summary>The bounds of a session's queue, and where crossing them is counted; one for all sessions.</summary>
internal sealed class DeliveryLimits(OutboundOptions outbound, DeliveryOptions delivery, GatewayMetrics metrics)
{
    public GatewayMetrics Metrics { get; } = metrics;

    public int LiveMessages { get; } = outbound.MaximumMessages;
    public long LiveBytes { get; } = outbound.MaximumBytes;
    public FullQueuePolicy WhenFull { get; } = outbound.WhenFull;

    /// <summary>QoS 1 and 2 of a durable session: what a slow client may let wait before its oldest message goes.</summary>
    public int DurableMessages { get; } = delivery.DurableMaximumMessages;
    public long DurableBytes { get; } = delivery.DurableMaximumBytes;
}
