using FsCheck;
using FsCheck.Fluent;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Handlers;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>
/// Whether a packet fits what the client accepts is decided before it is written. Here every such decision is held against the bytes that are
/// written. [MQTT-3.1.2-24]
/// </summary>
public sealed class PacketSizeProperties
{
    private const int Samples = 2_000;

    // around the sizes where a Variable Byte Integer becomes longer
    private static readonly Gen<int> Lengths = Gen.OneOf(Gen.Choose(0, 8), Gen.Choose(110, 140), Gen.Choose(16_370, 16_400));

    private static readonly Gen<Diagnostics> Diagnoses =
        from reason in Gen.OneOf(Gen.Constant<string?>(null), Lengths.Select(string? (length) => new string('r', length)))
        from user in Gen.Choose(0, 3)
        select new Diagnostics(reason, [.. Enumerable.Range(0, user).Select(at => new UserProperty($"n{at}", "value"))]);

    private static readonly Gen<QueuedDelivery> Deliveries =
        from topic in Gen.OneOf(Gen.Choose(1, 6), Gen.Choose(110, 140))
        from properties in Gen.OneOf(Gen.Constant(0), Lengths)
        from payload in Lengths
        from qos in Gen.Choose(0, 2)
        from expires in Gen.Elements(0L, 5_000L)
        from identifiers in Gen.Choose(1, VariableByteInteger.Maximum).Select(identifier => (uint)identifier).ArrayOf()
        select Delivery(topic, properties, payload, (QoS)qos, expires, identifiers);

    [Fact]
    public void PublishIsAsLongAsItsLengthSays()
    {
        var samples =
            from delivery in Deliveries
            from version in Gen.Elements(Enum.GetValues<ProtocolVersion>())
            from slack in Gen.Choose(-1, 8)
            from aliases in Gen.Choose(0, 2)
            select (delivery, version, slack, aliases);

        SeededProperty.Check(Samples, Prop.ForAll(samples.ToArbitrary(), sample =>
        {
            var (delivery, version, slack, mostAliases) = sample;
            var length = PublishEncoder.Length(delivery, version);
            var target = new byte[PublishEncoder.LengthBound(delivery)];
            var client = new Client(version, "c") { MaximumPacketSize = (uint)(length + slack) };

            Assert.Equal(length, PublishEncoder.Write(target, delivery, client, now: 1_000, aliases: null));
            if (slack < 0 || version != ProtocolVersion.Mqtt5)
            {
                return; // not sent to this client
            }

            var aliases = new OutboundTopicAliases((ushort)mostAliases);
            var first = PublishEncoder.Write(target, delivery, client, now: 1_000, aliases);
            Assert.InRange(first, length, length + slack);
            Assert.Equal(first, FixedHeader.TryRead(target, int.MaxValue, out var header) == ReadStatus.Ok ? header.PacketLength : 0);
            Assert.InRange(PublishEncoder.Write(target, delivery, client, now: 1_000, aliases), 1, length); // with the alias that the client knows
        }));
    }

    [Fact]
    public void ConnackFitsIfAndOnlyIfItIsWritten()
    {
        var samples =
            from version in Gen.Elements(Enum.GetValues<ProtocolVersion>())
            from clientId in Gen.Elements("", "c", new string('c', 120))
            from keepAlive in Gen.Elements((ushort)0, (ushort)10, ushort.MaxValue)
            from expiry in Gen.OneOf(Gen.Constant<uint?>(null), Gen.Elements<uint?>(0, 10, uint.MaxValue))
            from authentication in Gen.OneOf(Gen.Constant<byte[]?>(null), Lengths.Select(byte[]? (length) => new byte[length]))
            from isPlain in Gen.Elements(true, false)
            from slack in Gen.Choose(-2, 2)
            where version == ProtocolVersion.Mqtt5 || clientId == "c" // older ones must name themselves, 3.1 in 23 characters
            select (version, clientId, keepAlive, expiry, authentication, isPlain, slack);

        SeededProperty.Check(Samples, Prop.ForAll(samples.ToArbitrary(), sample =>
        {
            var (version, clientId, keepAlive, expiry, authentication, isPlain, slack) = sample;
            var options = isPlain ? new ConnectionOptions() : new ConnectionOptions
            {
                KeepAliveMaximum = 60, MaximumQoS = 1, RetainAvailable = false, TopicAliasMaximum = 0, SharedSubscriptionAvailable = false,
            };
            var properties = new PropertyList();
            if (expiry is { } seconds)
            {
                properties.Add(PropertyId.SessionExpiryInterval, seconds);
            }

            if (authentication is not null)
            {
                properties.Add(PropertyId.AuthenticationMethod, "SCRAM-SHA-256");
            }

            var connect = PacketParser.BodyOf(ClientPackets.Connect(version, clientId, keepAlive: keepAlive, properties: properties));
            Assert.Equal(ReasonCode.Success, ConnectPacket.TryParse(connect, out var packet, out _));
            var client = new ConnectTerms(options, new OutboundOptions(), new DeliveryOptions()).Grant(packet!); // Success
            var encoder = new ConnackEncoder(options);
            var length = encoder.Accept(client, packet!, sessionPresent: true, authentication)!.Length; // no limit: not null

            client = client with { MaximumPacketSize = (uint)(length + slack) };
            var fits = version != ProtocolVersion.Mqtt5 || slack >= 0; // older clients cannot say a limit
            Assert.Equal(fits, encoder.Fits(client, packet!, authentication));
            Assert.Equal(fits ? length : null, encoder.Accept(client, packet!, sessionPresent: true, authentication)?.Length);
        }));
    }

    [Fact]
    public void OtherPacketsLeaveOutWhatDoesNotFitAndNothingElse()
    {
        var samples =
            from type in Gen.Choose(0, 3)
            from diagnostics in Diagnoses
            from count in Lengths
            from slack in Gen.Choose(-4, 400)
            select (type, diagnostics, count, slack);

        SeededProperty.Check(Samples, Prop.ForAll(samples.ToArbitrary(), sample =>
        {
            var (type, diagnostics, count, slack) = sample;
            var bare = Encode(type, default, count, uint.MaxValue)!.Length; // no limit: not null
            var whole = Encode(type, diagnostics, count, uint.MaxValue)!.Length;
            var limit = (uint)Math.Max(1, bare + slack);
            var packet = Encode(type, diagnostics, count, limit);

            Assert.Equal(limit >= bare, packet is not null);
            Assert.True(packet is null || (packet.Length <= limit && packet.Length >= bare));
            Assert.True(limit < whole || packet?.Length == whole);
        }));
    }

    /// <summary>The packets that are not checked, since every client that gets CONNACK accepts as much.</summary>
    [Fact]
    public void NoConnackIsShorterThanAnAcknowledgement()
    {
        var options = new ConnectionOptions { TopicAliasMaximum = 0 };
        Assert.Equal(ReasonCode.Success, ConnectPacket.TryParse(PacketParser.BodyOf(ClientPackets.Connect()), out var packet, out _));
        var shortest = new ConnackEncoder(options).Accept(new Client(ProtocolVersion.Mqtt5, "c") { KeepAlive = packet!.KeepAlive }, packet, false, null);

        Assert.InRange(AckBody.MaximumSize, 0, shortest!.Length); // no limit: not null
    }

    private static byte[]? Encode(int type, Diagnostics diagnostics, int count, uint limit) => type switch
    {
        0 => SubackPacket.Encode(ProtocolVersion.Mqtt5, 1, new ReasonCode[count], limit, diagnostics),
        1 => UnsubackPacket.Encode(ProtocolVersion.Mqtt5, 1, new ReasonCode[count], limit, diagnostics),
        2 => new DisconnectPacket { ReasonCode = ReasonCode.PacketTooLarge, Diagnostics = diagnostics }.Encode(limit),
        _ => new AuthPacket
        {
            ReasonCode = ReasonCode.ContinueAuthentication, AuthenticationMethod = "m", AuthenticationData = new byte[count], Diagnostics = diagnostics,
        }.Encode(limit),
    };

    private static QueuedDelivery Delivery(int topic, int properties, int payload, QoS qos, long expires, uint[] identifiers) => new()
    {
        Message = Message.Create(new byte[topic], new byte[properties], new byte[payload], qos, retain: false, expires),
        SubscriptionIdentifiers = identifiers,
        QoS = qos,
        PacketId = 1,
    };
}
