using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Model;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>
/// The broker as its clients must find it: what was published, what was acknowledged, and what follows from that for retained messages and
/// wills. A moment is a tick: every packet has its own.
/// </summary>
internal sealed class Oracle(bool queuesOverflow) : IModelBroker
{
    private readonly HashSet<ModelMessage> _clears = [];
    private readonly HashSet<ModelMessage> _wills = [];
    private readonly HashSet<ModelMessage> _refused = [];
    private readonly HashSet<ModelMessage> _unstored = [];
    private readonly HashSet<ModelMessage> _refusable = [];
    private readonly Dictionary<ModelMessage, DateTimeOffset> _expiries = [];
    private readonly List<ModelMessage> _released = [];
    private readonly List<ModelMessage> _discarded = [];

    public int Now { get; private set; }

    public bool MayDie => true;

    public List<ModelMessage> Messages { get; } = [];

    public int Tick() => ++Now;

    public ModelMessage Publish(string publisher, string topic, QoS qos, bool retain)
    {
        var message = new ModelMessage(Messages.Count, publisher, topic, qos, retain, Tick());
        Messages.Add(message);
        return message;
    }

    /// <summary>No client may get a will before its connection is lost.</summary>
    public ModelMessage Will(string publisher, string topic)
    {
        var message = new ModelMessage(Messages.Count, publisher, topic, QoS.AtLeastOnce, false, ModelMessage.Never);
        Messages.Add(message);
        _wills.Add(message);
        return message;
    }

    /// <summary>A retained message of no bytes.</summary>
    public ModelMessage Clear(string publisher, string topic)
    {
        var message = Publish(publisher, topic, QoS.AtLeastOnce, true);
        _clears.Add(message);
        return message;
    }

    /// <summary>
    /// Wills come when they are due; and what is sent again after a full queue has dropped it takes a place behind what was sent later.
    /// </summary>
    public bool HasOrder(ModelMessage message) => !_wills.Contains(message) && !(queuesOverflow && message.IsResent);

    /// <summary>A broker that died may have forgotten the first of two.</summary>
    public bool MayRepeat(ModelMessage message) => message.IsResent;

    public bool IsClear(ModelMessage message) => _clears.Contains(message);

    /// <summary>Its publisher was told that it is not accepted.</summary>
    public void Refuse(ModelMessage message) => _refused.Add(message);

    /// <summary>At QoS 2 a refusal says that no queue has it.</summary>
    public bool IsInNoQueue(ModelMessage message) => message.QoS == QoS.ExactlyOnce && _refused.Contains(message);

    public void Expire(ModelMessage message, DateTimeOffset at) => _expiries[message] = at;

    public bool MayHaveExpired(ModelMessage message, DateTimeOffset now) => _expiries.TryGetValue(message, out var at) && at <= now;

    /// <summary>The connection of a will is lost.</summary>
    /// <param name="will">Its will.</param>
    /// <param name="isOwed">False: whether the broker ever had it, or still has, is not known.</param>
    /// <param name="mayRepeat">The broker died with it.</param>
    public void Release(ModelMessage will, bool isOwed, bool mayRepeat)
    {
        will.Release(Tick());
        will.IsResent |= mayRepeat;
        if (isOwed)
        {
            _released.Add(will);
        }
    }

    /// <summary>The client has said goodbye; the broker may not have heard it.</summary>
    public void Discard(ModelMessage will) => _discarded.Add(will);

    /// <summary>
    /// It was due when there was no space: those who get it without the store may have it at once, and again when there is space for the others.
    /// </summary>
    public void MayComeTwiceUnstored(ModelMessage will) => _unstored.Add(will);

    /// <summary>It was sent when there was no space: the broker may have refused it and have taken the next one, which no answer need have told.</summary>
    public void MayBeRefused(ModelMessage message) => _refusable.Add(message);

    /// <summary>The same for everything that is under way: space has run out.</summary>
    public void RunOutOfSpace()
    {
        _unstored.UnionWith(_wills.Where(IsUnderWay));
        _refusable.UnionWith(Messages.Where(IsUnderWay));
    }

    /// <summary>An answer has not come: when it is sent again, it may come behind what was sent after it.</summary>
    public bool MayHaveBeenRefused(ModelMessage message) => message.IsResent && _refusable.Contains(message);

    public bool IsUnstored(ModelMessage message) => _unstored.Contains(message);

    /// <summary>What the broker had not finished when it died, it may do again, or after all.</summary>
    public void BrokerDied()
    {
        foreach (var will in _wills.Where(IsUnderWay))
        {
            will.IsResent = true;
        }

        _discarded.ForEach(will => Release(will, isOwed: false, mayRepeat: true));
        _discarded.Clear();
    }

    /// <summary>Nothing is under way any more: the wills that were due are out, others never will be.</summary>
    public void Settle()
    {
        _released.ForEach(will => will.AcceptedAt = Tick());
        _released.Clear();
        _discarded.Clear();
    }

    /// <summary>What is wrong with the retained message of a topic; null: nothing.</summary>
    /// <param name="topic">The topic.</param>
    /// <param name="found">What a new subscriber got; null: nothing.</param>
    public string? WrongRetained(string topic, ModelMessage? found)
    {
        var all = Messages.FindAll(message => message.Retain && message.Topic == topic);
        if (found is not null ? all.Contains(found) && !_clears.Contains(found) && !IsOver(found) : all.TrueForAll(NeverAccepted) || all.Exists(one => IsClear(one) && !IsOver(one)))
        {
            return null;
        }

        var last = all.FindLast(message => !NeverAccepted(message));
        return $"{topic} has {found?.ToString() ?? "no retained message"}, and {last} was acknowledged{(last is not null && IsClear(last) ? ", which clears it" : "")}";

        // one that was sent after the acknowledgement of this one was acknowledged itself
        bool IsOver(ModelMessage message) => message.AcceptedAt != ModelMessage.Never && all.Exists(other => !NeverAccepted(other) && other.SentAt > message.AcceptedAt);
    }

    private static bool IsUnderWay(ModelMessage message) => message.SentAt != ModelMessage.Never && NeverAccepted(message);

    private static bool NeverAccepted(ModelMessage message) => message.AcceptedAt == ModelMessage.Never;
}
