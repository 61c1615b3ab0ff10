using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Fuzz;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>
/// One session of the oracle, from Session Present 0 to its end: a queue of what was acknowledged while it subscribed, from which a message
/// goes when it was delivered.
/// </summary>
internal sealed class OracleSession(string clientId, Oracle oracle)
{
    private readonly HashSet<ModelMessage> _seen = [];
    private readonly HashSet<ModelMessage> _seenExactly = [];
    private readonly HashSet<ModelMessage> _seenRetained = [];
    private readonly HashSet<ModelMessage> _finished = [];
    private readonly Dictionary<(string Publisher, string Topic, QoS Published, QoS Delivered), (ModelMessage Message, int At)> _latest = [];

    public List<ModelSubscription> Subscriptions { get; } = [];

    /// <summary>QoS 2 deliveries between PUBLISH and PUBREL, by packet identifier: what the specification asks a receiver to keep.</summary>
    public Dictionary<ushort, ModelMessage> Open { get; } = [];

    /// <summary>The client asked for the end of its session: what comes now may find none.</summary>
    public void Doubt() => Subscriptions.ForEach(one => one.DoubtedAt = Math.Min(one.DoubtedAt, oracle.Now));

    /// <summary>The broker has noted the end of this delivery where a crash cannot take it: it must not come again.</summary>
    public void Finish(ModelMessage message) => _finished.Add(message);

    /// <summary>Takes a PUBLISH and says what is wrong with it; null: nothing.</summary>
    /// <param name="publish">The packet.</param>
    /// <param name="message">What was published.</param>
    /// <param name="isFresh">Not a repetition of something that is open.</param>
    /// <param name="wasSentHere">The same connection got it before.</param>
    /// <param name="isExact">Messages come through the store: QoS 2 is exactly once.</param>
    public string? Take(ServerPacket publish, ModelMessage message, bool isFresh, bool wasSentHere, bool isExact)
    {
        if (message.SentAt == ModelMessage.Never)
        {
            return "the will was deleted, or its client is still there"; // [MQTT-3.14.4-3]
        }

        if (WrongTarget(publish, message) is { } wrong)
        {
            return wrong;
        }

        if (publish.Retain)
        {
            _seenRetained.Add(message);
            return null;
        }

        if (isExact && publish.QoS > QoS.AtMostOnce && oracle.IsInNoQueue(message))
        {
            return "its publisher was told that nobody gets it"; // [MQTT-4.3.3-9]
        }

        return isFresh ? WrongTime(publish, message, wasSentHere, isExact) : null;
    }

    /// <summary>What is left in the queue.</summary>
    public IEnumerable<ModelMessage> Missing() =>
        oracle.Messages.Where(message => IsOwed(message) && !_seen.Contains(message) && !_seenRetained.Contains(message));

    /// <summary>QoS 1 or 2 to a subscription that held from before the PUBLISH to after its acknowledgement.</summary>
    public bool IsOwed(ModelMessage message) => message.AcceptedAt != ModelMessage.Never && Subscriptions.Exists(subscription =>
        subscription.QoS > 0 && message.QoS > 0 && !(subscription.NoLocal && message.Publisher == clientId) && subscription.MustHaveGot(message));

    /// <summary>Whether it came for a repetition alone: it was sent before this session subscribed, and again after a later one that the session got.</summary>
    /// <param name="message">Sent before the later one.</param>
    /// <param name="later">Which has come.</param>
    /// <param name="at">When that was.</param>
    private bool MayHaveMissed(ModelMessage message, ModelMessage later, int at) =>
        message.IsResent && !Subscriptions.Exists(one =>
            one.Matches(message.Topic) && !(one.NoLocal && message.Publisher == clientId) && one.ConfirmedAt < message.SentBefore(later.SentAt) && one.DoubtedAt > at);

    private string? WrongTarget(ServerPacket publish, ModelMessage message)
    {
        if (publish.Topic != message.Topic)
        {
            return $"the topic was {message.Topic}";
        }

        var mine = Subscriptions.FindAll(one => one.MayHaveGot(message) || (publish.Retain && one.Matches(message.Topic)));
        if (mine.Count == 0)
        {
            return "no subscription held when it was published";
        }

        if (!publish.Retain && message.Publisher == clientId && mine.TrueForAll(one => one.NoLocal)) // [MQTT-3.8.3-3]
        {
            return "No Local";
        }

        return publish.QoS > message.QoS || mine.TrueForAll(one => one.QoS < publish.QoS) ? "the QoS is higher than published or granted" : null; // [MQTT-3.8.4-8]
    }

    private string? WrongTime(ServerPacket publish, ModelMessage message, bool wasSentHere, bool isExact)
    {
        var isSecond = publish.QoS == QoS.ExactlyOnce && isExact && !_seenExactly.Add(message);
        var order = (message.Publisher, message.Topic, message.QoS, publish.QoS);
        if (_seen.Add(message))
        {
            if (!oracle.HasOrder(message))
            {
                return null;
            }

            if (!_latest.TryGetValue(order, out var latest) || latest.Message.Number < message.Number)
            {
                _latest[order] = (message, oracle.Now);
                return null;
            }

            var mayHaveBeenAway = message.IsResent && publish.QoS == QoS.AtMostOnce; // when it was sent first: at QoS 0 nothing waits for a client
            return mayHaveBeenAway || oracle.MayHaveBeenRefused(message) || MayHaveMissed(message, latest.Message, latest.At)
                ? null
                : $"{latest.Message.Payload} of the same publisher, topic and QoS came before"; // I8 [MQTT-4.6.0-6]
        }

        return isSecond ? "it comes a second time at QoS 2" // [MQTT-4.3.3-13]
            : message.IsResent ? null
            : _finished.Contains(message) ? "its delivery had ended, and the broker knew it"
            : wasSentHere && !(oracle.IsUnstored(message) && (publish.QoS == QoS.AtMostOnce || !isExact)) ? "it comes a second time on one connection"
            : null;
    }
}
