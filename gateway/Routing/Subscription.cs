using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Routing;

/// <summary>One session's subscription to one topic filter; replaced, never changed, when the client subscribes again.</summary>
internal sealed class Subscription(Session session, SubscribeEntry entry, uint identifier) : IShareMember
{
    private static readonly uint[] NoIdentifiers = [];

    public Session Session { get; } = session;

    /// <summary>The filter as the client wrote it, <c>$share/…</c> included.</summary>
    public string Filter { get; } = entry.Filter;

    public byte Options { get; } = entry.Options;

    public uint Identifier { get; } = identifier;

    /// <summary>The identifier as a delivery carries it; shared by all deliveries of this subscription.</summary>
    public uint[] Identifiers { get; } = identifier == 0 ? NoIdentifiers : [identifier];

    public string? ShareName { get; } = TopicFilter.TryParseShared(entry.Filter, out string name, out _) ? name : null;

    /// <summary>The group that it joined; null for an ordinary subscription.</summary>
    public SharedSubscription? Share { get; internal set; }

    public QoS MaximumQoS => new SubscribeEntry(Filter, Options).MaximumQoS;
    public bool NoLocal => new SubscribeEntry(Filter, Options).NoLocal;
    public bool RetainAsPublished => new SubscribeEntry(Filter, Options).RetainAsPublished;

    /// <summary>A member that is offline or behind is passed over while another one can take the message.</summary>
    public bool IsAvailable => Session.CanTakeNow;

    public bool CanQueue => Session.Phase != SessionPhase.Ended;

    public SubscriptionRecord ToRecord() => new(Filter, Options, Identifier);
}
