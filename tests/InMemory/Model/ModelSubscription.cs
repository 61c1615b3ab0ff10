using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.InMemory.Model;

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
