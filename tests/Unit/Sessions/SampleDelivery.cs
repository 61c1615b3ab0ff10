using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>Makes deliveries for tests.</summary>
internal static class SampleDelivery
{
    public static QueuedDelivery Of(string text, QoS qos = QoS.AtLeastOnce, ushort packetId = 0, long sequence = 0) => new()
    {
        Message = Message.Create("t"u8, [], System.Text.Encoding.UTF8.GetBytes(text), qos, retain: false, expiresAt: 0),
        SubscriptionIdentifiers = [],
        QoS = qos,
        PacketId = packetId,
        Sequence = sequence,
    };

    public static string TextOf(in QueuedDelivery delivery) => System.Text.Encoding.UTF8.GetString(delivery.Message.Payload);
}
