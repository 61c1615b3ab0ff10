using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>One session from Session Present 0 to its end: what it subscribed to, and what it was sent.</summary>
internal sealed class ModelSession(ModelClient client)
{
    private readonly HashSet<ModelMessage> _seen = [];
    private readonly HashSet<ModelMessage> _seenRetained = [];
    private readonly HashSet<ModelMessage> _done = [];
    private readonly HashSet<ModelMessage> _owedRetained = [];
    private int _lostAt = -1;
    private readonly Dictionary<(string Publisher, string Topic, QoS Published, QoS Delivered), int> _latest = [];

    public List<ModelSubscription> Subscriptions { get; } = [];

    /// <summary>What the client has received and not finished, by packet identifier: QoS 1 until PUBACK, QoS 2 until PUBCOMP.</summary>
    public Dictionary<ushort, (ModelMessage? Message, QoS QoS, bool IsReleased)> Open { get; } = [];

    /// <summary>The connection went at this step: what was on its way may be somebody else's now.</summary>
    public void LostAt(int step)
    {
        _lostAt = step;
        _owedRetained.Clear(); // they are not sent again on resume
    }

    /// <summary>A subscription was made that these retained messages match.</summary>
    public void OweRetained(IEnumerable<ModelMessage> messages) => _owedRetained.UnionWith(messages);

    public bool WasThereSince(int step) => _lostAt < step && client.Session == this;

    /// <summary>A delivery was acknowledged so that the server knows for certain: it must not come again.</summary>
    public void Finish(ModelMessage message) => _done.Add(message);

    /// <summary>Takes a PUBLISH and says what is wrong with it; null: nothing.</summary>
    /// <param name="publish">The packet.</param>
    /// <param name="topic">Its Topic Name, the alias resolved.</param>
    /// <param name="message">What was published; null: somebody outside of the model did.</param>
    /// <param name="isFresh">Not a repetition of something that is open.</param>
    public string? Take(ServerPacket publish, string topic, ModelMessage? message, bool isFresh)
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

        if (publish.Retain)
        {
            _seenRetained.Add(message); // live or from the store: who asks for the flag cannot tell
        }

        return WrongTarget(publish, topic, message) ?? (isFresh && !publish.Retain ? WrongTime(publish, message) : null);
    }

    /// <summary>What it has not been sent and should have.</summary>
    public IEnumerable<ModelMessage> Missing(IEnumerable<ModelMessage> messages) => _owedRetained.Concat(messages.Where(
        message => IsOwed(message) && !_seen.Contains(message) && !_seenRetained.Contains(message)));

    /// <summary>QoS 1 or 2 to a subscription that held from before the PUBLISH to after its acknowledgement.</summary>
    public bool IsOwed(ModelMessage message) => message.AcceptedAt != ModelMessage.Never && Subscriptions.Exists(subscription =>
        subscription.ShareName is null && subscription.QoS > 0 && message.QoS > 0
        && !(subscription.NoLocal && message.Publisher == client.Id) && subscription.MustHaveGot(message));

    private string? WrongTarget(ServerPacket publish, string topic, ModelMessage message)
    {
        var mine = Subscriptions.Where(subscription => subscription.MayHaveGot(message) || (publish.Retain && subscription.Matches(message.Topic))).ToList();
        if (mine.Count == 0)
        {
            return "no subscription held when it was published";
        }

        if (topic != message.Topic)
        {
            return $"the topic was {message.Topic}";
        }

        if (!publish.Retain && message.Publisher == client.Id && mine.TrueForAll(subscription => subscription.NoLocal)) // [MQTT-3.8.3-3]
        {
            return "No Local";
        }

        if (publish.QoS > message.QoS || mine.TrueForAll(subscription => subscription.QoS < publish.QoS)) // [MQTT-3.8.4-8]
        {
            return "the QoS is higher than published or granted";
        }

        return publish.Numbers(PropertyId.SubscriptionIdentifier).FirstOrDefault(number => !mine.Exists(one => one.Identifier == number)) is > 0 and var wrong
            ? $"subscription identifier {wrong} belongs to no subscription that matches" : null;
    }

    private string? WrongTime(ServerPacket publish, ModelMessage message)
    {
        if (!_seen.Add(message) && !message.MayRepeat)
        {
            if (_done.Contains(message) || publish.QoS == QoS.AtMostOnce)
            {
                return "it was delivered and finished before"; // [MQTT-4.3.3-13]
            }

            return publish.Dup ? null : "it comes a second time without DUP"; // [MQTT-3.3.1-1]
        }

        if (message.MayRepeat || message.IsShared)
        {
            return null; // what a member leaves unfinished goes to another one, later
        }

        var order = (message.Publisher, message.Topic, message.QoS, publish.QoS);
        var latest = _latest.GetValueOrDefault(order, -1);
        _latest[order] = message.Number;
        return latest > message.Number ? $"#{latest} of the same publisher, topic and QoS came before" : null; // [MQTT-4.6.0-6]
    }
}
