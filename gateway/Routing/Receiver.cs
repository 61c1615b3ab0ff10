using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Routing;

/// <summary>One subscriber that a message goes to, by one subscription or by several that overlap.</summary>
internal struct Receiver
{
    public ISubscriber Subscriber;

    /// <summary>The Subscription Identifiers of all subscriptions that matched; empty when none has one. [MQTT-3.3.4-3]</summary>
    public uint[] Identifiers;

    /// <summary>The Shared Subscription that chose this subscriber; null for its own subscriptions.</summary>
    public SharedSubscription? Share;

    public QoS QoS;
    public bool Retain;
}
