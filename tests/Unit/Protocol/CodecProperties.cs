using FsCheck;
using FsCheck.Fluent;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>What a client writes is what the gateway reads, for any content.</summary>
public sealed class CodecProperties
{
    private const int Samples = 2_000;

    private static readonly Gen<string> Text = Gen
        .Elements("a", "/", "$", " ", "ü", "\uFEFF", "\u0001", "中", "\U0001F600", "sensor", "\uFFFF")
        .ArrayOf()
        .Select(string.Concat);

    private static readonly Gen<string> Topics = Text.Where(text => text.Length > 0);

    private static readonly Gen<byte[]> Payloads = Gen.Choose(0, 255).Select(value => (byte)value).ArrayOf();

    private static readonly Gen<ProtocolVersion> Versions = Gen.Elements(Enum.GetValues<ProtocolVersion>());

    private static readonly Gen<ushort> PacketIds = Gen.Choose(1, ushort.MaxValue).Select(value => (ushort)value);

    [Fact]
    public void PublishIsReadAsItWasWritten()
    {
        var samples =
            from topic in Topics
            from payload in Payloads
            from qos in Gen.Choose(0, 2)
            from packetId in PacketIds
            from retain in Gen.Elements(true, false)
            from version in Versions
            from properties in UserProperties
            select (topic, payload, (QoS)qos, packetId, retain, version, properties);

        SeededProperty.Check(Samples, Prop.ForAll(samples.ToArbitrary(), PublishRoundTrips));
    }

    [Fact]
    public void ConnectIsReadAsItWasWritten()
    {
        var samples =
            from clientId in Topics
            from userName in Text
            from password in Payloads
            from willTopic in Topics
            from willPayload in Payloads
            from keepAlive in Gen.Choose(0, ushort.MaxValue)
            from version in Versions
            select (clientId, userName, password, willTopic, willPayload, (ushort)keepAlive, version);

        SeededProperty.Check(Samples, Prop.ForAll(samples.ToArbitrary(), ConnectRoundTrips));
    }

    [Fact]
    public void SubscribeAndUnsubscribeAreReadAsTheyWereWritten()
    {
        var samples =
            from filters in Topics.NonEmptyListOf()
            from packetId in PacketIds
            from version in Versions
            select (filters.ToArray(), packetId, version);

        SeededProperty.Check(Samples, Prop.ForAll(samples.ToArbitrary(), SubscribeRoundTrips));
    }

    [Fact]
    public void RandomBytesAreNeverAnException()
    {
        var samples =
            from type in Gen.Choose(1, 15)
            from body in Payloads
            from version in Versions
            select ((byte)type, body, version);

        SeededProperty.Check(20_000, Prop.ForAll(samples.ToArbitrary(), sample =>
        {
            var (type, body, version) = sample;
            var frame = ClientPackets.Frame((byte)(type << 4 | (type is 6 or 8 or 10 ? 2 : 0)), body);
            if (FixedHeader.TryRead(frame, PacketParser.MaximumPacketSize, out var header, version) != ReadStatus.Ok)
            {
                return;
            }

            Assert.True(Enum.IsDefined(PacketParser.ParseBody(header, body, version)));
        }));
    }

    private static Gen<PropertyList> UserProperties =>
        from pairs in Text.Two().ListOf()
        from expiry in Gen.Elements(true, false)
        select Build(pairs, expiry);

    private static PropertyList Build(IEnumerable<(string Name, string Value)> pairs, bool expiry)
    {
        var list = new PropertyList();
        foreach (var (name, value) in pairs)
        {
            list.Add(name, value);
        }

        if (expiry)
        {
            list.Add(PropertyId.MessageExpiryInterval, 77);
        }

        return list;
    }

    private static bool PublishRoundTrips((string, byte[], QoS, ushort, bool, ProtocolVersion, PropertyList) sample)
    {
        var (topic, payload, qos, packetId, retain, version, properties) = sample;
        var frame = ClientPackets.Publish(topic, payload, qos, packetId, retain, version: version, properties: properties);
        var body = PacketParser.BodyOf(frame, version);
        var reason = PublishPacket.TryParse(body, (byte)(frame[0] & 0x0F), version, out var packet);

        return reason == ReasonCode.Success
            && Utf8Rules.Decode(packet.Topic) == topic
            && packet.Payload.SequenceEqual(payload)
            && packet.QoS == qos
            && packet.Retain == retain
            && packet.PacketId == (qos == QoS.AtMostOnce ? 0 : packetId)
            && packet.Properties.SequenceEqual(version == ProtocolVersion.Mqtt5 ? properties.ToArray() : []);
    }

    private static bool ConnectRoundTrips((string, string, byte[], string, byte[], ushort, ProtocolVersion) sample)
    {
        var (clientId, userName, password, willTopic, willPayload, keepAlive, version) = sample;
        var frame = ClientPackets.Connect(
            version, clientId, true, keepAlive, userName, password, new ClientWill(willTopic, willPayload, QoS.AtLeastOnce));
        var reason = ConnectPacket.TryParse(PacketParser.BodyOf(frame), out var packet, out var seen);

        return reason == ReasonCode.Success
            && seen == version
            && packet is { Will: { } will, Password: { } readPassword }
            && (packet.ClientId, packet.UserName, packet.KeepAlive) == (clientId, userName, keepAlive)
            && readPassword.SequenceEqual(password)
            && will.Topic == willTopic
            && will.Payload.SequenceEqual(willPayload);
    }

    private static bool SubscribeRoundTrips((string[], ushort, ProtocolVersion) sample)
    {
        var (filters, packetId, version) = sample;
        var entries = filters.Select(filter => (filter, (byte)1)).ToArray();
        var subscribe = PacketParser.BodyOf(ClientPackets.Subscribe(packetId, entries, version), version);
        var unsubscribe = PacketParser.BodyOf(ClientPackets.Unsubscribe(packetId, filters, version), version);

        return SubscribePacket.TryParse(subscribe, version, out var first) == ReasonCode.Success
            && UnsubscribePacket.TryParse(unsubscribe, version, out var second) == ReasonCode.Success
            && first?.PacketId == packetId
            && second?.PacketId == packetId
            && first.Entries.Select(entry => entry.Filter).SequenceEqual(filters)
            && second.Filters.SequenceEqual(filters);
    }
}
