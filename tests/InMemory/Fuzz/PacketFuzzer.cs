using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>Random packets of a client: mostly valid, some with a broken byte, some nothing but noise.</summary>
internal sealed class PacketFuzzer(Random random)
{
    private static readonly string[] Topics = ["a", "a/b", "a/b/c", "b", "$x/a", "d/", "/", "é/ü"];
    private static readonly string[] Filters = ["#", "+", "a/#", "a/+", "+/b", "a/b", "$share/g/a/#", "$share/g/#", "$share/h/+", "$x/#", "b", "/+"];
    private static readonly ReasonCode[] Reasons = [ReasonCode.Success, ReasonCode.Success, ReasonCode.UnspecifiedError, ReasonCode.QuotaExceeded];

    public ProtocolVersion Version { get; private set; } = ProtocolVersion.Mqtt5;

    public byte[] Connect()
    {
        Version = random.Next(5) switch { 0 => ProtocolVersion.Mqtt31, 1 => ProtocolVersion.Mqtt311, _ => ProtocolVersion.Mqtt5 };
        var properties = new PropertyList();
        AddMaybe(properties, PropertyId.SessionExpiryInterval, 30);
        AddMaybe(properties, PropertyId.ReceiveMaximum, 5, least: 1);
        AddMaybe(properties, PropertyId.TopicAliasMaximum, 5);
        if (random.Next(4) == 0)
        {
            properties.Add(PropertyId.MaximumPacketSize, (uint)random.Next(40, 300));
        }

        var will = random.Next(3) > 0 ? null : new ClientWill(
            Topic(), Payload(), AnyQoS(), random.Next(2) == 0, new PropertyList { { PropertyId.WillDelayInterval, (uint)random.Next(10) } });
        return ClientPackets.Connect(
            Version, $"fuzz-{random.Next(5)}", random.Next(2) == 0, (ushort)random.Next(30), will: will, properties: properties);
    }

    public byte[] Next() => random.Next(20) switch
    {
        0 => Noise(),
        1 => Broken(Valid()),
        2 => [.. Valid(), .. Valid(), .. Valid()],
        _ => Valid(),
    };

    private byte[] Valid()
    {
        var packetId = (ushort)random.Next(1, 12);
        switch (random.Next(16))
        {
            case < 5:
                var qos = AnyQoS();
                return ClientPackets.Publish(Topic(), Payload(), qos, packetId, random.Next(5) == 0, qos > 0 && random.Next(3) == 0, Version, PublishProperties());
            case < 8:
                var options = Version == ProtocolVersion.Mqtt5
                    ? ClientPackets.SubscribeOptions(AnyQoS(), random.Next(20) == 0, random.Next(2) == 0, (RetainHandling)random.Next(3))
                    : (byte)AnyQoS();
                var properties = random.Next(2) == 0 ? null : new PropertyList { { PropertyId.SubscriptionIdentifier, (uint)random.Next(1, 300) } };
                return ClientPackets.Subscribe(packetId, [(Pick(Filters), options)], Version, properties);
            case 8:
                return ClientPackets.Unsubscribe(packetId, Pick(Filters), Version);
            case 9:
                return ClientPackets.Puback(packetId, Version, AnyReason());
            case 10:
                return ClientPackets.Pubrec(packetId, Version, AnyReason());
            case 11:
                return ClientPackets.Pubrel(packetId, Version);
            case 12:
                return ClientPackets.Pubcomp(packetId, Version);
            case 13:
                return random.Next(8) == 0 ? ClientPackets.Disconnect(Version) : ClientPackets.Pingreq();
            case 14:
                return random.Next(8) == 0 ? Connect() : ClientPackets.Pingreq();
            default:
                return random.Next(8) == 0 ? ClientPackets.Auth(ReasonCode.ReAuthenticate, "m") : ClientPackets.Pingreq();
        }
    }

    private byte[] Broken(byte[] packet)
    {
        switch (random.Next(4))
        {
            case 0:
                packet[random.Next(packet.Length)] ^= (byte)(1 << random.Next(8));
                return packet;
            case 1:
                return packet[..random.Next(packet.Length)];
            case 2:
                packet[0] = (byte)random.Next(256);
                return packet;
            default:
                return [.. packet, .. Noise()];
        }
    }

    private byte[] Noise()
    {
        var noise = new byte[random.Next(1, 40)];
        random.NextBytes(noise);
        return noise;
    }

    private PropertyList PublishProperties()
    {
        var properties = new PropertyList();
        AddMaybe(properties, PropertyId.MessageExpiryInterval, 20);
        AddMaybe(properties, PropertyId.TopicAlias, 10, least: 1);
        AddMaybe(properties, PropertyId.PayloadFormatIndicator, 2);
        if (random.Next(4) == 0)
        {
            properties.Add("k", "v");
        }

        return properties;
    }

    private void AddMaybe(PropertyList properties, PropertyId id, int below, int least = 0)
    {
        if (random.Next(3) == 0)
        {
            properties.Add(id, (uint)random.Next(least, below));
        }
    }

    private QoS AnyQoS() => (QoS)random.Next(3);

    private ReasonCode AnyReason() => Version == ProtocolVersion.Mqtt5 ? Pick(Reasons) : ReasonCode.Success;

    private string Topic() => Pick(Topics);

    private byte[] Payload()
    {
        var payload = new byte[random.Next(10) == 0 ? random.Next(5000) : random.Next(20)];
        random.NextBytes(payload);
        return payload;
    }

    private T Pick<T>(T[] values) => values[random.Next(values.Length)];
}
