using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>Valid packets of every type and version, with every property that a client may send.</summary>
internal static class SamplePackets
{
    public static IReadOnlyList<byte[]> Of(ProtocolVersion version) =>
    [
        ClientPackets.Connect(version, "sensor-7", cleanStart: false, keepAlive: 60, "user", [1, 2, 3], Will(), ConnectProperties()),
        ClientPackets.Connect(version, "c"),
        ClientPackets.Publish("a", "", version: version),
        ClientPackets.Publish("plant/7/temperature", "21.5", QoS.AtLeastOnce, 10, retain: true, dup: true, version, PublishProperties()),
        ClientPackets.Publish("städte/köln", new byte[300], QoS.ExactlyOnce, 65535, version: version),
        ClientPackets.Puback(1, version),
        ClientPackets.Puback(2, version, ReasonCode.QuotaExceeded, AckProperties()),
        ClientPackets.Pubrec(3, version, ReasonCode.NoMatchingSubscribers),
        ClientPackets.Pubrec(4, version, ReasonCode.UnspecifiedError, AckProperties()),
        ClientPackets.Pubrel(5, version),
        ClientPackets.Pubrel(6, version, ReasonCode.PacketIdentifierNotFound, AckProperties()),
        ClientPackets.Pubcomp(7, version),
        ClientPackets.Pubcomp(8, version, ReasonCode.PacketIdentifierNotFound, AckProperties()),
        ClientPackets.Subscribe(9, [("a/+", 2), ("#", 1), ("$share/group/b/#", 0)], version, SubscribeProperties()),
        ClientPackets.Unsubscribe(10, ["a/+", "#"], version, new PropertyList { { "n", "v" } }),
        ClientPackets.Pingreq(),
        ClientPackets.Disconnect(version),
        .. version == ProtocolVersion.Mqtt5 ? OnlyOf5() : [],
    ];

    public static PropertyList ConnectProperties() => new()
    {
        { PropertyId.SessionExpiryInterval, 3600 },
        { PropertyId.ReceiveMaximum, 20 },
        { PropertyId.MaximumPacketSize, 65536 },
        { PropertyId.TopicAliasMaximum, 10 },
        { PropertyId.RequestResponseInformation, 1 },
        { PropertyId.RequestProblemInformation, 0 },
        { "site", "north" },
        { "site", "south" },
        { PropertyId.AuthenticationMethod, "SCRAM" },
        { PropertyId.AuthenticationData, new byte[] { 9, 8 } },
    };

    public static ClientWill Will() => new("will/topic", "gone"u8.ToArray(), QoS.AtLeastOnce, Retain: true, new PropertyList
    {
        { PropertyId.WillDelayInterval, 30 },
        { PropertyId.PayloadFormatIndicator, 1 },
        { PropertyId.MessageExpiryInterval, 120 },
        { PropertyId.ContentType, "text/plain" },
        { PropertyId.ResponseTopic, "reply" },
        { PropertyId.CorrelationData, new byte[] { 7 } },
        { "w", "1" },
    });

    public static PropertyList PublishProperties() => new()
    {
        { PropertyId.PayloadFormatIndicator, 1 },
        { PropertyId.MessageExpiryInterval, 500 },
        { "first", "1" },
        { PropertyId.ContentType, "text/plain" },
        { PropertyId.TopicAlias, 3 },
        { PropertyId.ResponseTopic, "reply/here" },
        { PropertyId.CorrelationData, new byte[] { 0, 255 } },
        { "second", "2" },
    };

    private static PropertyList AckProperties() => new() { { PropertyId.ReasonString, "because" }, { "k", "v" } };

    private static PropertyList SubscribeProperties() => new() { { PropertyId.SubscriptionIdentifier, 300 }, { "k", "v" } };

    private static byte[][] OnlyOf5() =>
    [
        ClientPackets.Publish("", "by alias", properties: new PropertyList { { PropertyId.TopicAlias, 1 } }),
        ClientPackets.Disconnect(reason: ReasonCode.DisconnectWithWillMessage),
        ClientPackets.Disconnect(reason: ReasonCode.Success, properties: new PropertyList
        {
            { PropertyId.SessionExpiryInterval, 5 }, { PropertyId.ReasonString, "bye" }, { "k", "v" },
        }),
        ClientPackets.Auth(ReasonCode.ContinueAuthentication, "SCRAM", [1, 2, 3], AckProperties()),
        ClientPackets.Auth(ReasonCode.ReAuthenticate, "SCRAM"),
    ];
}
