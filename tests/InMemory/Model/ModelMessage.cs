using System.Globalization;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Model;

/// <summary>A publication of the model. Moments are those of <see cref="IModelBroker.Now"/>; <see cref="Never"/> stands for what has not happened.</summary>
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

    /// <summary>A will has this only when it is due: until then, and after a DISCONNECT of its client, no session may get it.</summary>
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

    /// <summary>At QoS 1 every subscriber may get it twice.</summary>
    public bool MayRepeat => IsResent && QoS == QoS.AtLeastOnce;

    /// <summary>Its topic is subscribed to through the share group only.</summary>
    public bool IsShared => Topic.StartsWith("s/", StringComparison.Ordinal);

    public string Payload => string.Create(CultureInfo.InvariantCulture, $"#{Number}");

    /// <summary>Null for a message that no client of the model has published.</summary>
    public static ModelMessage? Of(ServerPacket publish, List<ModelMessage> all) =>
        publish.Text is ['#', .. var number] && int.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && index < all.Count
            ? all[index] : null;

    public override string ToString() => $"{Payload} of {Publisher} on {Topic} at QoS {(int)QoS}";
}
