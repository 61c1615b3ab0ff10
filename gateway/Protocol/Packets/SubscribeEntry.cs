namespace GrainMQ.Gateway.Protocol;

/// <summary>One Topic Filter of a SUBSCRIBE with its Subscription Options (MQTT 5 §3.8.3.1).</summary>
/// <param name="Filter">Well-formed UTF-8 of at least one character; whether its grammar holds tells <see cref="HasValidFilter"/>.</param>
/// <param name="Options">The options byte; before MQTT 5 the requested QoS alone.</param>
public readonly record struct SubscribeEntry(string Filter, byte Options)
{
    public QoS MaximumQoS => (QoS)(Options & 0b11);

    /// <summary>Messages are not sent to the connection that published them.</summary>
    public bool NoLocal => (Options & 0b100) != 0;

    /// <summary>Messages keep the RETAIN flag they were published with.</summary>
    public bool RetainAsPublished => (Options & 0b1000) != 0;

    public RetainHandling RetainHandling => (RetainHandling)(Options >> 4 & 0b11);

    /// <summary>False: the packet is malformed.</summary>
    public bool HasValidFilter => TopicFilter.IsValid(Filter);
}
