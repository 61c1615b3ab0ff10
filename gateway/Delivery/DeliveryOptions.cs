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
}
