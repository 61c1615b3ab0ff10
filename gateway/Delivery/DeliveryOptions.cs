using System.ComponentModel.DataAnnotations;
using GrainMQ.Gateway.Routing;

namespace GrainMQ.Gateway.Delivery;

/// <summary>How messages find their receivers; section <c>Delivery</c>.</summary>
public sealed class DeliveryOptions
{
    /// <summary>The strategy of every shared subscription. Default: RoundRobin.</summary>
    public ShareStrategy ShareStrategy { get; set; } = ShareStrategy.RoundRobin;

    /// <summary>
    /// QoS 1 and 2 messages on their way to one client at once; the client's own Receive Maximum also binds (§3.1.2.11.3).
    /// 1 to 65535. Default: 1000.
    /// </summary>
    [Range(1, ushort.MaxValue)]
    public ushort MaximumInFlight { get; set; } = 1000;
}
