using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// One session's subscription to one topic filter; replaced, never changed, when the client subscribes again. There may be millions:
/// 40 bytes, the text of the filter stands in the trie.
/// </summary>
internal class Subscription : Subscribers
{
    private const int OptionBits = 6;
    private const uint OptionMask = (1u << OptionBits) - 1;

    private static readonly uint[] NoIdentifiers = [];

    private readonly uint _hashAndOptions;

    public Subscription(ISubscriber subscriber, SubscribeEntry entry, uint identifier)
    {
        Subscriber = subscriber;
        Identifiers = identifier == 0 ? NoIdentifiers : [identifier];
        _hashAndOptions = HashOf(entry.Filter) << OptionBits | (entry.Options & OptionMask);
    }

    public ISubscriber Subscriber { get; }

    /// <summary>The Subscription Identifier as a delivery carries it, or none; shared by all deliveries of this subscription.</summary>
    public uint[] Identifiers { get; }

    /// <summary>Where the trie keeps the filter, without <c>$share/ShareName/</c>; set when it is added there.</summary>
    public FilterText Text { get; internal set; }

    /// <summary>The group that it joined; null for an ordinary subscription.</summary>
    public virtual SharedSubscription? Share => null;

    /// <summary>26 bits of a hash of the filter as the client wrote it.</summary>
    public uint FilterHash => _hashAndOptions >> OptionBits;

    /// <summary>The options byte of SUBSCRIBE; its two highest bits are reserved and 0. [MQTT-3.8.3-5]</summary>
    public byte Options => (byte)(_hashAndOptions & OptionMask);

    public QoS MaximumQoS => Entry.MaximumQoS;
    public bool NoLocal => Entry.NoLocal;
    public bool RetainAsPublished => Entry.RetainAsPublished;

    private SubscribeEntry Entry => new("", Options);

    public static Subscription Create(ISubscriber subscriber, SubscribeEntry entry, uint identifier) =>
        TopicFilter.TryParseShared(entry.Filter, out var shareName, out _)
            ? new SharedMember(subscriber, entry, identifier, shareName)
            : new Subscription(subscriber, entry, identifier);

    public static uint HashOf(string filter) => (uint)filter.GetHashCode() >> OptionBits;

    /// <summary>The filter as the client wrote it, from the one that is matched.</summary>
    public virtual string FilterOf(string matched) => matched;

    public SubscriptionRecord ToRecord(string filter) => new(filter, Options, Identifiers is [var identifier] ? identifier : 0);
}
