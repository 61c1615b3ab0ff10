using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace GrainMQ.Gateway.Protocol;

/// <summary>Collects the property block of a packet that is sent rarely. PUBLISH has an encoder of its own.</summary>
/// <remarks>Each method adds nothing for null, so that an encoder lists its properties without asking.</remarks>
internal sealed class PropertyWriter
{
    private readonly ArrayBufferWriter<byte> _block = new();

    public ReadOnlySpan<byte> Block => _block.WrittenSpan;

    public void Add(PropertyId id, bool? value)
    {
        if (value is { } flag)
        {
            Write([(byte)id, flag ? (byte)1 : (byte)0]);
        }
    }

    public void Add(PropertyId id, byte? value)
    {
        if (value is { } number)
        {
            Write([(byte)id, number]);
        }
    }

    public void Add(PropertyId id, ushort? value)
    {
        if (value is { } number)
        {
            Write([(byte)id, (byte)(number >> 8), (byte)number]);
        }
    }

    public void Add(PropertyId id, uint? value)
    {
        if (value is not { } number)
        {
            return;
        }

        Write([(byte)id]);
        BinaryPrimitives.WriteUInt32BigEndian(_block.GetSpan(sizeof(uint)), number);
        _block.Advance(sizeof(uint));
    }

    public void Add(PropertyId id, string? value)
    {
        if (value is null)
        {
            return;
        }

        Write([(byte)id]);
        WriteText(value);
    }

    public void Add(PropertyId id, byte[]? value)
    {
        if (value is null)
        {
            return;
        }

        var length = checked((ushort)value.Length);
        Write([(byte)id, (byte)(length >> 8), (byte)length]);
        Write(value);
    }

    public void Add(ReadOnlySpan<UserProperty> properties)
    {
        foreach (var (name, value) in properties)
        {
            Write([(byte)PropertyId.UserProperty]);
            WriteText(name);
            WriteText(value);
        }
    }

    /// <summary>Takes over a finished block.</summary>
    public void Add(PropertyWriter other) => Write(other.Block);

    private void WriteText(string text)
    {
        var length = checked((ushort)Encoding.UTF8.GetByteCount(text));
        Write([(byte)(length >> 8), (byte)length]);
        Encoding.UTF8.GetBytes(text, _block.GetSpan(length));
        _block.Advance(length);
    }

    private void Write(ReadOnlySpan<byte> bytes) => _block.Write(bytes);
}
