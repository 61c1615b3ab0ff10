using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Model;

/// <summary>
/// One session from Session Present 0 to its end, as its client must find it: what it subscribed to, what it may be sent, what it must be
/// sent, in which order and how often. A message is owed from its acknowledgement on, until it was delivered.
/// </summary>
/// <param name="clientId">The client identifier.</param>
/// <param name="broker">What this broker can be expected to do.</param>
internal sealed class ModelSession(string clientId, IModelBroker broker)
{
    private readonly HashSet<ModelMessage> _seen = [];
    private readonly HashSet<ModelMessage> _seenExactly = [];
    private readonly HashSet<ModelMessage> _seenRetained = [];
    private readonly HashSet<ModelMessage> _seenHere = [];
    private readonly HashSet<ModelMessage> _finished = [];
    private readonly HashSet<ModelMessage> _owedRetained = [];
    private readonly Dictionary<(string Publisher, string Topic, QoS Published, QoS Delivered), (ModelMessage Message, int At)> _latest = [];
    private int _lostAt = -1;
    private bool _hasEnded;

    public List<ModelSubscription> Subscriptions { get; } = [];

    /// <summary>
    /// Deliveries that the client has received and not finished, by packet identifier. What the specification asks a receiver to keep of them
    /// are those of QoS 2 until PUBREL.
    /// </summary>
    public Dictionary<ushort, (ModelMessage? Message, QoS QoS, bool IsReleased)> Open { get; } = [];

    /// <summary>The connection is gone: what was on its way may go to another member of the share group, or come again.</summary>
    public void LoseConnection()
    {
        _lostAt = broker.Now;
        _seenHere.Clear();
        _owedRetained.Clear(); // they are not sent again on resume
    }

    /// <summary>The client asked for the end of its session: what comes now may find none.</summary>
    public void Doubt() => Subscriptions.ForEach(one => one.DoubtedAt = Math.Min(one.DoubtedAt, broker.Now));

    /// <summary>The session is over.</summary>
    public void End() => _hasEnded = true;

    /// <summary>A subscription was made that these retained messages match.</summary>
    public void OweRetained(IEnumerable<ModelMessage> messages) => _owedRetained.UnionWith(messages);

    public bool WasThereSince(int moment) => _lostAt < moment && !_hasEnded;

    /// <summary>A delivery was acknowledged, and the broker knows it for certain: it must not come again.</summary>
    public void Finish(ModelMessage message) => _finished.Add(message);

    /// <summary>Takes a PUBLISH and says what is wrong with it; null: nothing.</summary>
    /// <param name="publish">The packet.</param>
    /// <param name="topic">Its Topic Name, the alias resolved.</param>
    /// <param name="message">What was published; null: a client outside of the model did.</param>
    /// <param name="isFresh">Not a repetition of something that is open.</param>
    /// <param name="isExact">Messages come through the store: QoS 2 is exactly once.</param>
    public string? Take(ServerPacket publish, string topic, ModelMessage? message, bool isFresh, bool isExact)
    {
        if (message is null)
        {
            return Subscriptions.Exists(subscription => subscription.Matches(topic)) ? null : "nothing here subscribed to that topic";
        }

        if (message.SentAt == ModelMessage.Never)
        {
            return "the will was deleted, or its client is still there"; // [MQTT-3.14.4-3]
        }

        if (message.Retain) // a later one of the topic does as well, from the store or live
        {
            _owedRetained.RemoveWhere(owed => owed.Topic == message.Topic && owed.Number <= message.Number);
        }

        if (WrongTarget(publish, topic, message) is { } wrong)
        {
            return wrong;
        }

        if (publish.Retain)
        {
            _seenRetained.Add(message); // live or from the store: who asks for the flag cannot tell
            return null;
        }

        var wasSeenHere = !_seenHere.Add(message);
        if (isExact && publish.QoS > QoS.AtMostOnce && broker.IsInNoQueue(message))
        {
            return "its publisher was told that it is not accepted"; // [MQTT-4.3.3-9]
        }

        return isFresh ? WrongTime(publish, message, wasSeenHere, isExact && !message.IsShared) : null;
    }

    /// <summary>What it has not been sent and should have.</summary>
    public IEnumerable<ModelMessage> Missing(IEnumerable<ModelMessage> messages) => _owedRetained.Concat(messages.Where(
        message => IsOwed(message) && !_seen.Contains(message) && !_seenRetained.Contains(message)));

    /// <summary>QoS 1 or 2 to a subscription that held from before the PUBLISH to after its acknowledgement.</summary>
    public bool IsOwed(ModelMessage message) => message.AcceptedAt != ModelMessage.Never && Subscriptions.Exists(subscription =>
        subscription.ShareName is null && subscription.QoS > 0 && message.QoS > 0
        && !(subscription.NoLocal && message.Publisher == clientId) && subscription.MustHaveGot(message));

    private string? WrongTarget(ServerPacket publish, string topic, ModelMessage message)
    {
        var mine = Subscriptions.FindAll(one => one.MayHaveGot(message) || (publish.Retain && one.Matches(message.Topic)));
        if (mine.Count == 0)
        {
            return "no subscription held when it was published";
        }

        if (topic != message.Topic)
        {
            return $"the topic was {message.Topic}";
        }

        if (!publish.Retain && message.Publisher == clientId && mine.TrueForAll(one => one.NoLocal)) // [MQTT-3.8.3-3]
        {
            return "No Local";
        }

        if (publish.QoS > message.QoS || mine.TrueForAll(one => one.QoS < publish.QoS)) // [MQTT-3.8.4-8]
        {
            return "the QoS is higher than published or granted";
        }

        return publish.Numbers(PropertyId.SubscriptionIdentifier).FirstOrDefault(number => !mine.Exists(one => one.Identifier == number)) is > 0 and var wrong
            ? $"subscription identifier {wrong} belongs to no subscription that matches" : null;
    }

    private string? WrongTime(ServerPacket publish, ModelMessage message, bool wasSeenHere, bool isExact)
    {
        var isSecond = publish.QoS == QoS.ExactlyOnce && isExact && !_seenExactly.Add(message);
        if (_seen.Add(message))
        {
            return WrongOrder(publish, message);
        }

        if (isSecond)
        {
            return "it comes a second time at QoS 2"; // [MQTT-4.3.3-13]
        }

        if (broker.MayRepeat(message))
        {
            return null;
        }

        if (_finished.Contains(message))
        {
            return "its delivery had ended, and the broker knew it"; // [MQTT-4.3.3-13]
        }

        if (!broker.MayDie && publish.QoS == QoS.AtMostOnce)
        {
            return "it comes a second time at QoS 0";
        }

        if (!broker.MayDie && !publish.Dup)
        {
            return "it comes a second time without DUP"; // [MQTT-3.3.1-1]
        }

        return wasSeenHere && !(broker.IsUnstored(message) && (publish.QoS == QoS.AtMostOnce || !isExact)) ? "it comes a second time on one connection" : null;
    }

    private string? WrongOrder(ServerPacket publish, ModelMessage message)
    {
        if (!broker.HasOrder(message))
        {
            return null;
        }

        var order = (message.Publisher, message.Topic, message.QoS, publish.QoS);
        if (!_latest.TryGetValue(order, out var latest) || latest.Message.Number < message.Number)
        {
            _latest[order] = (message, broker.Now);
            return null;
        }

        // when it was sent first its client may have been away, and at QoS 0 nothing waits for a client
        var isExcused = broker.MayRepeat(message)
            && (publish.QoS == QoS.AtMostOnce || broker.MayHaveBeenRefused(message) || MayHaveMissed(message, latest.Message, latest.At));
        return isExcused ? null : $"{latest.Message.Payload} of the same publisher, topic and QoS came before"; // I8 [MQTT-4.6.0-6]
    }

    /// <summary>Whether it came for a repetition alone: it was sent before this session subscribed, and again after a later one that the session got.</summary>
    /// <param name="message">Sent before the later one.</param>
    /// <param name="later">Which has come.</param>
    /// <param name="at">When that was.</param>
    private bool MayHaveMissed(ModelMessage message, ModelMessage later, int at) => !Subscriptions.Exists(one =>
        one.Matches(message.Topic) && !(one.NoLocal && message.Publisher == clientId) && one.ConfirmedAt < message.SentBefore(later.SentAt) && one.DoubtedAt > at);
}
