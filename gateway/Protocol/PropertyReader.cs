namespace GrainMQ.Gateway.Protocol;

/// <summary>
/// Walks a property block from a client and checks what holds for a property in whichever packet it stands: that the packet
/// may carry it, that it is not repeated, and the range of its value.
/// </summary>
/// <remarks>After <see cref="TryRead"/> returned false, <see cref="Error"/> tells the end (Success) from a violation.</remarks>
internal ref struct PropertyReader(ReadOnlySpan<byte> block, PropertySet allowed)
{
    private readonly int _length = block.Length;
    private PacketReader _reader = new(block);
    private PropertySet _seen;

    public PropertyId Id { get; private set; }

    /// <summary>The value of a property of a byte, integer or Variable Byte Integer type.</summary>
    public uint Number { get; private set; }

    /// <summary>The value of a property of string or binary type, or the value of a User Property.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>The name of a User Property.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    public ReasonCode Error { get; private set; }

    /// <summary>Where the property begins in the block.</summary>
    public int Start { get; private set; }

    /// <summary>Where the property ends in the block.</summary>
    public readonly int End => _length - _reader.Rest.Length;

    public readonly string Text => Utf8Rules.Decode(Value);

    public readonly UserProperty UserProperty => new(Utf8Rules.Decode(Name), Utf8Rules.Decode(Value));

    public bool TryRead()
    {
        if (_reader.IsEmpty || Error != ReasonCode.Success)
        {
            return false;
        }

        Start = End;
        Error = ReadProperty();
        return Error == ReasonCode.Success;
    }

    /// <summary>Stops the walk with a violation that only the packet can know.</summary>
    public void Fail(ReasonCode error) => Error = error;

    private ReasonCode ReadProperty()
    {
        // §2.2.2.2: an identifier that is not valid for the packet type makes the packet malformed. All identifiers so far
        // take one byte, so a byte with the continuation bit is not among them.
        if (!_reader.TryReadByte(out var id))
        {
            return ReasonCode.MalformedPacket;
        }

        Id = (PropertyId)id;
        if (!allowed.Contains(Id) || !TryReadValue())
        {
            return ReasonCode.MalformedPacket;
        }

        // Only a User Property may appear more than once in a packet from a client.
        if (Id != PropertyId.UserProperty && _seen.Contains(Id))
        {
            return ReasonCode.ProtocolError;
        }

        _seen = _seen.With(Id);
        return CheckValue();
    }

    private bool TryReadValue()
    {
        switch (Id)
        {
            case PropertyId.PayloadFormatIndicator or PropertyId.RequestProblemInformation or PropertyId.RequestResponseInformation:
                var readByte = _reader.TryReadByte(out var single);
                Number = single;
                return readByte;
            case PropertyId.ReceiveMaximum or PropertyId.TopicAliasMaximum or PropertyId.TopicAlias:
                var readShort = _reader.TryReadUInt16(out var number);
                Number = number;
                return readShort;
            case PropertyId.MessageExpiryInterval or PropertyId.SessionExpiryInterval or PropertyId.WillDelayInterval
                or PropertyId.MaximumPacketSize:
                var readInteger = _reader.TryReadUInt32(out var integer);
                Number = integer;
                return readInteger;
            case PropertyId.SubscriptionIdentifier:
                var readVariable = _reader.TryReadVariable(out var variable);
                Number = variable;
                return readVariable;
            case PropertyId.CorrelationData or PropertyId.AuthenticationData:
                var readBinary = _reader.TryReadBinary(out var data);
                Value = data;
                return readBinary;
            case PropertyId.UserProperty:
                var readPair = _reader.TryReadUtf8(out var name) & _reader.TryReadUtf8(out var value);
                Name = name;
                Value = value;
                return readPair;
            default:
                var readText = _reader.TryReadUtf8(out var text);
                Value = text;
                return readText;
        }
    }

    private readonly ReasonCode CheckValue()
    {
        var valid = Id switch
        {
            PropertyId.PayloadFormatIndicator or PropertyId.RequestProblemInformation or PropertyId.RequestResponseInformation =>
                Number <= 1,
            PropertyId.ReceiveMaximum or PropertyId.MaximumPacketSize or PropertyId.SubscriptionIdentifier => Number != 0,
            PropertyId.ResponseTopic => TopicName.IsValid(Value), // [MQTT-3.3.2-14]
            PropertyId.TopicAlias when Number == 0 => false, // [MQTT-3.3.2-8]
            _ => true,
        };
        if (valid)
        {
            return ReasonCode.Success;
        }

        return Id == PropertyId.TopicAlias ? ReasonCode.TopicAliasInvalid : ReasonCode.ProtocolError;
    }
}
