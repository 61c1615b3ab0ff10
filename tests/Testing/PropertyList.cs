using System.Collections;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Testing;

/// <summary>
/// A property block as a client writes it, correct or not: in any order, repeated, in packets where it has no place.
/// <code>new PropertyList { { PropertyId.ReceiveMaximum, 10 }, { "name", "value" } }</code>
/// </summary>
/// <remarks>It shares no code with the gateway's encoders, so that their mistakes do not cancel out.</remarks>
public sealed class PropertyList : IEnumerable<byte>
{
    private readonly List<byte> _block = [];

    /// <summary>Adds a number in the width that the property has.</summary>
    public void Add(PropertyId id, uint value)
    {
        _block.Add((byte)id);
        switch (id)
        {
            case PropertyId.SubscriptionIdentifier:
                ClientPackets.WriteVariable(_block, value);
                break;
            case PropertyId.MessageExpiryInterval or PropertyId.SessionExpiryInterval or PropertyId.WillDelayInterval
                or PropertyId.MaximumPacketSize:
                ClientPackets.WriteUInt16(_block, (int)(value >> 16));
                ClientPackets.WriteUInt16(_block, (int)(value & 0xFFFF));
                break;
            case PropertyId.ServerKeepAlive or PropertyId.ReceiveMaximum or PropertyId.TopicAliasMaximum or PropertyId.TopicAlias:
                ClientPackets.WriteUInt16(_block, (int)value);
                break;
            default:
                _block.Add((byte)value);
                break;
        }
    }

    /// <summary>Adds a property of a string type.</summary>
    public void Add(PropertyId id, string value)
    {
        _block.Add((byte)id);
        ClientPackets.WriteString(_block, value);
    }

    /// <summary>Adds a property of a binary type, or a string of bytes that need not be UTF-8.</summary>
    public void Add(PropertyId id, byte[] value)
    {
        _block.Add((byte)id);
        ClientPackets.WriteBinary(_block, value);
    }

    /// <summary>Adds a User Property.</summary>
    public void Add(string name, string value)
    {
        Add(PropertyId.UserProperty, name);
        ClientPackets.WriteString(_block, value);
    }

    /// <summary>Adds bytes as they are.</summary>
    public void Add(params ReadOnlySpan<byte> raw) => _block.AddRange(raw);

    public byte[] ToArray() => [.. _block];

    public IEnumerator<byte> GetEnumerator() => _block.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
