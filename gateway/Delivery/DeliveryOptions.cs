using System.ComponentModel.DataAnnotations;
using GrainMQ.Gateway.Routing;

namespace GrainMQ.Gateway.Delivery;

/// <summary>How messages find their receivers; section <c>Delivery</c>.</summary>
public sealed class DeliveryOptions
{
    /// <summary>The strategy of every shared subscription. Default: RoundRobin.</summary>
    public ShareStrategy ShareStrategy { get; set; } = ShareStrategy.RoundRobin;

    /// <summary>QoS 1 and 2 messages that may wait for one connected durable session; beyond it the oldest goes, counted. Default: 100000.</summary>
    [Range(1, int.MaxValue)]
    public int DurableMaximumMessages { get; set; } = 100_000;

    /// <summary>Bytes that may wait for one connected durable session; the same policy. Default: 256 MiB.</summary>
    [Range(1024L, 1L << 40)]
    public long DurableMaximumBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>
    /// QoS 1 and 2 messages on their way to one client at once; the client's own Receive Maximum also binds (§3.1.2.11.3).
    /// 1 to 65535. Default: 1000.
    /// </summary>
    [Range(1, ushort.MaxValue)]
    public ushort MaximumInFlight { get; set; } = 1000;
}
