using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;

namespace GrainMQ.Gateway.Messages;

/// <summary>A message on its way to one session: the shared bytes plus what differs from receiver to receiver.</summary>
internal struct QueuedDelivery
{
    public Message Message;

    /// <summary>Identifiers of every subscription that matched; empty when none has one. [MQTT-3.3.4-3]</summary>
    public uint[] SubscriptionIdentifiers;

    /// <summary>The share group that chose this session, so that an unsent or unacknowledged message can be chosen for anew.</summary>
    public SharedSubscription? Share;

    /// <summary>The message's number in the session's queue in the store; 0 = it is only here.</summary>
    public long Sequence;

    public QoS QoS;
    public bool Retain;
    public bool Duplicate;

    /// <summary>0 while the delivery has none.</summary>
    public ushort PacketId;

    public readonly int Length => Message.Length;
}
