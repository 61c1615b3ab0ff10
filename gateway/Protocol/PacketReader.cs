using System.Buffers.Binary;

namespace GrainMQ.Gateway.Protocol;

/// <summary>Reads the data types of MQTT 5 §1.5 one after another. A read that fails means a Malformed Packet.</summary>
internal ref struct PacketReader(ReadOnlySpan<byte> input)
{
    private ReadOnlySpan<byte> _rest = input;

    /// <summary>What has not been read.</summary>
    public readonly ReadOnlySpan<byte> Rest => _rest;

    public readonly bool IsEmpty => _rest.IsEmpty;

    public bool TryReadByte(out byte value)
    {
        value = _rest.IsEmpty ? (byte)0 : _rest[0];
        return TryTake(sizeof(byte), out _);
    }

    public bool TryReadUInt16(out ushort value) =>
        BinaryPrimitives.TryReadUInt16BigEndian(_rest, out value) && TryTake(sizeof(ushort), out _);

    public bool TryReadUInt32(out uint value) =>
        BinaryPrimitives.TryReadUInt32BigEndian(_rest, out value) && TryTake(sizeof(uint), out _);

    public bool TryReadVariable(out uint value) =>
        VariableByteInteger.TryRead(_rest, out value, out var length) == ReadStatus.Ok && TryTake(length, out _);

    /// <summary>Reads Binary Data (§1.5.6): two length bytes and as many bytes.</summary>
    public bool TryReadBinary(out ReadOnlySpan<byte> value)
    {
        value = default;
        return TryReadUInt16(out var length) && TryTake(length, out value);
    }

    /// <summary>Reads a UTF-8 Encoded String (§1.5.4) and checks its bytes.</summary>
    public bool TryReadUtf8(out ReadOnlySpan<byte> value) => TryReadBinary(out value) && Utf8Rules.IsValid(value);

    /// <summary>Reads a UTF-8 Encoded String into a string.</summary>
    public bool TryReadString(out string value)
    {
        var read = TryReadUtf8(out var text);
        value = read ? Utf8Rules.Decode(text) : "";
        return read;
    }

    /// <summary>Reads a Property Length (§2.2.2.1) and the block of that length.</summary>
    public bool TryReadProperties(out ReadOnlySpan<byte> block)
    {
        block = default;
        return TryReadVariable(out var length) && TryTake((int)length, out block);
    }

    private bool TryTake(int length, out ReadOnlySpan<byte> taken)
    {
        taken = default;
        if (_rest.Length < length)
        {
            return false;
        }

        taken = _rest[..length];
        _rest = _rest[length..];
        return true;
    }
}
