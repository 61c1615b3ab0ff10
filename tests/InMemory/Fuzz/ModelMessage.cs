using System.Globalization;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>A publication of the model. Moments are steps of the round; <see cref="Never"/> for what has not happened.</summary>
internal sealed class ModelMessage(int number, string publisher, string topic, QoS qos, bool retain, int sentAt)
{
    public const int Never = int.MaxValue;

    private readonly List<int> _resentAt = [];

    public int Number => number;

    /// <summary>Its client identifier.</summary>
    public string Publisher => publisher;

    public string Topic => topic;

    public QoS QoS => qos;

    public bool Retain => retain;

    /// <summary>A will has this only when it is due: until then, or when its client said goodbye, nobody is to get it.</summary>
    public int SentAt { get; private set; } = sentAt;

    /// <summary>When the publisher had its PUBACK or PUBREC: from then on the server has promised it.</summary>
    public int AcceptedAt { get; set; } = Never;

    /// <summary>The publisher sent it again after a reconnect.</summary>
    public bool IsResent { get; set; }

    /// <summary>Sessions that got it through a share group.</summary>
    public HashSet<ModelSession> SharedBy { get; } = [];

    public void Resend(int now)
    {
        IsResent = true;
        _resentAt.Add(now);
    }

    /// <summary>When the publisher sent it for the last time before a moment; the first time when there is none.</summary>
    public int SentBefore(int moment) => Math.Max(SentAt, _resentAt.FindLast(at => at < moment));

    /// <summary>The connection of this will is lost: the server publishes it.</summary>
    public void Release(int now) => SentAt = now;

    /// <summary>At QoS 1 it may come twice to whom it comes at all.</summary>
    public bool MayRepeat => IsResent && QoS == QoS.AtLeastOnce;

    /// <summary>Its topic is subscribed to through the share group only.</summary>
    public bool IsShared => Topic.StartsWith("s/", StringComparison.Ordinal);

    public string Payload => string.Create(CultureInfo.InvariantCulture, $"#{Number}");

    /// <summary>Null for a message of somebody else.</summary>
    public static ModelMessage? Of(ServerPacket publish, List<ModelMessage> all) =>
        publish.Text is ['#', .. var number] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < all.Count
            ? all[index] : null;

    public override string ToString() => $"{Payload} of {Publisher} on {Topic} at QoS {(int)QoS}";
}

/// <summary>A subscription of the model from the SUBSCRIBE that may have made it to the UNSUBACK that has ended it.</summary>
internal sealed class ModelSubscription(string filter, string? shareName, QoS qos, bool noLocal, uint identifier, int sentAt)
{
    public string Filter => filter;

    public string? ShareName => shareName;

    public QoS QoS => qos;

    public bool NoLocal => noLocal;

    public uint Identifier => identifier;

    public int SentAt => sentAt;

    /// <summary>When SUBACK came: from then on it holds.</summary>
    public int ConfirmedAt { get; set; } = ModelMessage.Never;

    /// <summary>When UNSUBSCRIBE, or a SUBSCRIBE to the same filter, was sent: from then on it may not hold any more.</summary>
    public int DoubtedAt { get; set; } = ModelMessage.Never;

    /// <summary>When the answer to that came: from then on it does not hold.</summary>
    public int EndedAt { get; set; } = ModelMessage.Never;

    public string Text => ShareName is null ? Filter : $"$share/{ShareName}/{Filter}";

    public bool Matches(string topic) => TopicFilter.Matches(Filter, topic);

    /// <summary>
    /// Whether the message may have been routed while it held. Through a share group it may be routed again later, when the member that it
    /// went to has left it unfinished.
    /// </summary>
    public bool MayHaveGot(ModelMessage message) =>
        Matches(message.Topic) && EndedAt >= message.SentAt && (ShareName is not null || SentAt <= message.AcceptedAt);

    /// <summary>Whether the message was routed while it held, for certain.</summary>
    public bool MustHaveGot(ModelMessage message) => Matches(message.Topic) && ConfirmedAt < message.SentAt && DoubtedAt > message.AcceptedAt;
}
