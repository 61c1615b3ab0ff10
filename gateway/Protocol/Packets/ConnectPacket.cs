namespace GrainMQ.Gateway.Protocol;

/// <summary>The first packet of a client (MQTT 5 §3.1).</summary>
public sealed class ConnectPacket
{
    private static readonly PropertySet Allowed = PropertySet.Of(
        PropertyId.SessionExpiryInterval, PropertyId.ReceiveMaximum, PropertyId.MaximumPacketSize, PropertyId.TopicAliasMaximum,
        PropertyId.RequestResponseInformation, PropertyId.RequestProblemInformation, PropertyId.UserProperty,
        PropertyId.AuthenticationMethod, PropertyId.AuthenticationData);

    private readonly List<UserProperty> _userProperties = [];

    private ConnectPacket(ProtocolVersion version) => Version = version;

    public ProtocolVersion Version { get; }

    /// <summary>Clean Session in MQTT 3.1 and 3.1.1.</summary>
    public bool CleanStart { get; private set; }

    /// <summary>Seconds; 0 turns Keep Alive off.</summary>
    public ushort KeepAlive { get; private set; }

    /// <summary>Empty where the server is to assign one.</summary>
    public string ClientId { get; private set; } = "";

    public string? UserName { get; private set; }

    public byte[]? Password { get; private set; }

    public WillPacket? Will { get; private set; }

    /// <summary>Seconds; 0 ends the session with the connection, 0xFFFFFFFF never. Default: 0. Unused before MQTT 5.</summary>
    public uint SessionExpiryInterval { get; private set; }

    /// <summary>The unacknowledged PUBLISH packets with QoS 1 and 2 that the client takes. Default: 65,535.</summary>
    public ushort ReceiveMaximum { get; private set; } = ushort.MaxValue;

    /// <summary>The largest packet that the client takes, in bytes; null for no limit but the protocol's.</summary>
    public uint? MaximumPacketSize { get; private set; }

    /// <summary>The highest Topic Alias that the client takes. Default: 0, none.</summary>
    public ushort TopicAliasMaximum { get; private set; }

    /// <summary>Default: false.</summary>
    public bool RequestResponseInformation { get; private set; }

    /// <summary>Default: true. False: diagnostics only in CONNACK, PUBLISH and DISCONNECT.</summary>
    public bool RequestProblemInformation { get; private set; } = true;

    public string? AuthenticationMethod { get; private set; }

    public byte[]? AuthenticationData { get; private set; }

    public IReadOnlyList<UserProperty> UserProperties => _userProperties;

    /// <summary>Parses what follows the fixed header.</summary>
    /// <param name="body">All bytes of the Remaining Length.</param>
    /// <param name="packet">The packet when the result is Success.</param>
    /// <param name="version">
    /// The version whose CONNACK the client understands, also where its own is not supported; 0 where it speaks no MQTT, so
    /// that the connection is closed without an answer.
    /// </param>
    /// <returns>Success, or the reason to refuse the connection with.</returns>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body, out ConnectPacket? packet, out ProtocolVersion version)
    {
        packet = null;
        var reader = new PacketReader(body);
        var error = ReadVersion(ref reader, out version);
        if (error != ReasonCode.Success)
        {
            return error;
        }

        var connect = new ConnectPacket(version);
        error = connect.Read(ref reader);
        if (error == ReasonCode.Success)
        {
            packet = connect;
        }

        return error;
    }

    private static ReasonCode ReadVersion(ref PacketReader reader, out ProtocolVersion version)
    {
        version = 0;
        if (!reader.TryReadBinary(out var name) || !reader.TryReadByte(out var level))
        {
            return ReasonCode.MalformedPacket;
        }

        if (name.SequenceEqual("MQIsdp"u8))
        {
            version = ProtocolVersion.Mqtt31;
            return level == (byte)ProtocolVersion.Mqtt31 ? ReasonCode.Success : ReasonCode.UnsupportedProtocolVersion;
        }

        if (!name.SequenceEqual("MQTT"u8))
        {
            return ReasonCode.UnsupportedProtocolVersion; // [MQTT-3.1.2-1]
        }

        // [MQTT-3.1.2-2]: refused in a form that the client can read. Some bridges mark themselves by the highest bit and
        // try again without it when they get the return code of 3.1.1.
        var supported = level is (byte)ProtocolVersion.Mqtt311 or (byte)ProtocolVersion.Mqtt5;
        version = (level & 0x7F) < (byte)ProtocolVersion.Mqtt5 ? ProtocolVersion.Mqtt311 : ProtocolVersion.Mqtt5;
        return supported ? ReasonCode.Success : ReasonCode.UnsupportedProtocolVersion;
    }

    private ReasonCode Read(ref PacketReader reader)
    {
        if (!reader.TryReadByte(out var bits) || !reader.TryReadUInt16(out var keepAlive))
        {
            return ReasonCode.MalformedPacket;
        }

        var flags = new ConnectFlags(bits);
        if (!flags.AreValid(Version))
        {
            return ReasonCode.MalformedPacket;
        }

        CleanStart = flags.CleanStart;
        KeepAlive = keepAlive;
        var error = Version == ProtocolVersion.Mqtt5 ? ReadProperties(ref reader) : ReasonCode.Success;
        return error == ReasonCode.Success ? ReadPayload(ref reader, flags) : error;
    }

    // [MQTT-3.1.3-1]: Client Identifier, Will Properties, Will Topic, Will Payload, User Name, Password.
    private ReasonCode ReadPayload(ref PacketReader reader, ConnectFlags flags)
    {
        if (!reader.TryReadString(out var clientId))
        {
            return ReasonCode.MalformedPacket; // [MQTT-3.1.3-3], [MQTT-3.1.3-4]
        }

        ClientId = clientId;

        if (flags.HasWill)
        {
            Will = new WillPacket { QoS = flags.WillQoS, Retain = flags.WillRetain };
            var error = Will.Read(ref reader, Version);
            if (error != ReasonCode.Success)
            {
                return error;
            }
        }

        if (!ReadCredentials(ref reader, flags) || !reader.IsEmpty)
        {
            return ReasonCode.MalformedPacket;
        }

        return MayNameItself() ? ReasonCode.Success : ReasonCode.ClientIdentifierNotValid;
    }

    private bool ReadCredentials(ref PacketReader reader, ConnectFlags flags)
    {
        if (flags.HasUserName && !IsLeftOut(ref reader))
        {
            if (!reader.TryReadString(out var userName))
            {
                return false; // [MQTT-3.1.3-12] (3.1.1: [MQTT-3.1.3-11])
            }

            UserName = userName;
        }

        if (flags.HasPassword && !IsLeftOut(ref reader))
        {
            if (!reader.TryReadBinary(out var password))
            {
                return false;
            }

            Password = password.ToArray();
        }

        return true;
    }

    // 3.1 §3.1: the Remaining Length takes precedence over the flags of user name and password.
    private bool IsLeftOut(ref PacketReader reader) => Version == ProtocolVersion.Mqtt31 && reader.IsEmpty;

    // 3.1 §3.1 wants 1 to 23 characters; only the lower bound is held against a client. 3.1.1 lets the server choose, but
    // then no session can be resumed: [MQTT-3.1.3-8]. MQTT 5: [MQTT-3.1.3-6].
    private bool MayNameItself() => ClientId.Length > 0 || Version switch
    {
        ProtocolVersion.Mqtt31 => false,
        ProtocolVersion.Mqtt311 => CleanStart,
        _ => true,
    };

    private ReasonCode ReadProperties(ref PacketReader packet)
    {
        if (!packet.TryReadProperties(out var block))
        {
            return ReasonCode.MalformedPacket;
        }

        var reader = new PropertyReader(block, Allowed);
        while (reader.TryRead())
        {
            Set(in reader);
        }

        if (reader.Error != ReasonCode.Success)
        {
            return reader.Error;
        }

        // §3.1.2.11.10: Authentication Data without a method is a Protocol Error.
        return AuthenticationData is not null && AuthenticationMethod is null ? ReasonCode.ProtocolError : ReasonCode.Success;
    }

    private void Set(in PropertyReader property)
    {
        switch (property.Id)
        {
            case PropertyId.SessionExpiryInterval: SessionExpiryInterval = property.Number; break;
            case PropertyId.ReceiveMaximum: ReceiveMaximum = (ushort)property.Number; break;
            case PropertyId.MaximumPacketSize: MaximumPacketSize = property.Number; break;
            case PropertyId.TopicAliasMaximum: TopicAliasMaximum = (ushort)property.Number; break;
            case PropertyId.RequestResponseInformation: RequestResponseInformation = property.Number == 1; break;
            case PropertyId.RequestProblemInformation: RequestProblemInformation = property.Number == 1; break;
            case PropertyId.AuthenticationMethod: AuthenticationMethod = property.Text; break;
            case PropertyId.AuthenticationData: AuthenticationData = property.Value.ToArray(); break;
            case PropertyId.UserProperty: _userProperties.Add(property.UserProperty); break;
        }
    }
}
