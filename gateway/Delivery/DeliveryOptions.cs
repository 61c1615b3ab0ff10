namespace GrainMQ.Gateway.Delivery;

/// <summary>How the member of a shared subscription that receives a message is chosen.</summary>
public enum SharedStrategy : byte
{
    /// <summary>Each member in turn.</summary>
    RoundRobin,

    /// <summary>Any member, evenly.</summary>
    Random,

    /// <summary>The same member until it leaves.</summary>
    Sticky,

    /// <summary>By the publisher's client identifier: one publisher, one member.</summary>
    HashClientId,

    /// <summary>By the topic name: one topic, one member.</summary>
    HashTopic,

    /// <summary>A member connected to the publisher's gateway when there is one, else each in turn.</summary>
    Local,
}

/// <summary>How messages find their receivers; section <c>Delivery</c>.</summary>
public sealed class DeliveryOptions
{
    /// <summary>The strategy of every shared subscription. Default: RoundRobin.</summary>
    public SharedStrategy SharedStrategy { get; set; } = SharedStrategy.RoundRobin;

    /// <summary>QoS 1 and 2 messages that may wait for one connected durable session; beyond it the oldest goes, counted. Default: 100000.</summary>
    public int DurableMaximumMessages { get; set; } = 100_000;

    /// <summary>Bytes that may wait for one connected durable session; the same policy. Default: 256 MiB.</summary>
    public long DurableMaximumBytes { get; set; } = 256L * 1024 * 1024;

    /// <summary>
    /// QoS 1 and 2 messages on their way to one client at once; the client's own Receive Maximum also binds (§3.1.2.11.3).
    /// 1 to 65535. Default: 1000.
    /// </summary>
    public ushort MaximumInFlight { get; set; } = 1000;
}
