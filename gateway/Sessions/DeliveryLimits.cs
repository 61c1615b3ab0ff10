using GrainMQ.Gateway.Connections;

namespace GrainMQ.Gateway.Sessions;

/// <summary>The bounds of a session's queue, and where crossing them is counted; one for all sessions.</summary>
internal sealed class DeliveryLimits(OutboundOptions outbound, GatewayMetrics metrics)
{
    public GatewayMetrics Metrics { get; } = metrics;

    public int LiveMessages { get; } = outbound.MaximumMessages;
    public long LiveBytes { get; } = outbound.MaximumBytes;
    public FullQueuePolicy WhenFull { get; } = outbound.WhenFull;
}
