namespace GrainMQ.Gateway.Protocol;

/// <summary>A step of extended authentication, from either side (MQTT 5 §3.15).</summary>
public sealed class AuthPacket
{
    private const byte FirstByte = 0xF0;

    private static readonly PropertySet Allowed = PropertySet.Of(
        PropertyId.AuthenticationMethod, PropertyId.AuthenticationData, PropertyId.ReasonString, PropertyId.UserProperty);

    /// <summary>Continue authentication or Re-authenticate from a client; Success or Continue authentication from the server.</summary>
    public required ReasonCode ReasonCode { get; init; }

    public required string AuthenticationMethod { get; init; }

    public byte[]? AuthenticationData { get; init; }

    /// <summary>What the server adds for people.</summary>
    public Diagnostics Diagnostics { get; init; }

    /// <summary>Parses what follows the fixed header of a client's packet.</summary>
    /// <returns>Success, or the reason to close the connection with.</returns>
    public static ReasonCode TryParse(ReadOnlySpan<byte> body, out AuthPacket? packet)
    {
        packet = null;
        if (body.IsEmpty)
        {
            return ReasonCode.ProtocolError; // §3.15.2.1: it means Success, which only a server may say.
        }

        var reader = new PacketReader(body[1..]);
        if (!reader.TryReadProperties(out var block) || !reader.IsEmpty)
        {
            return ReasonCode.MalformedPacket;
        }

        var code = (ReasonCode)body[0];
        var error = ReadProperties(block, out var method, out var data);
        if (error != ReasonCode.Success)
        {
            return error;
        }

        if (!MaySend(code))
        {
            return ReasonCode.ProtocolError; // [MQTT-3.15.2-1]
        }

        if (method is null)
        {
            return ReasonCode.ProtocolError; // §3.15.2.2.2
        }

        packet = new AuthPacket { ReasonCode = code, AuthenticationMethod = method, AuthenticationData = data };
        return ReasonCode.Success;
    }

    /// <summary>Encodes the server's packet in an array of exactly its size.</summary>
    /// <param name="maximumPacketSize">
    /// The client's limit; diagnostics that do not fit are left out. [MQTT-3.15.2-2], [MQTT-3.15.2-3]
    /// </param>
    /// <returns>Null where the packet is larger than the client accepts.</returns>
    public byte[]? Encode(uint maximumPacketSize = uint.MaxValue)
    {
        var properties = new PropertyWriter();
        properties.Add(PropertyId.AuthenticationMethod, AuthenticationMethod);
        properties.Add(PropertyId.AuthenticationData, AuthenticationData);
        return PacketFrame.Encode(FirstByte, [(byte)ReasonCode], properties, Diagnostics, [], maximumPacketSize);
    }

    // Table 3-11, the codes that a client sends.
    private static bool MaySend(ReasonCode reason) => reason is ReasonCode.ContinueAuthentication or ReasonCode.ReAuthenticate;

    private static ReasonCode ReadProperties(ReadOnlySpan<byte> block, out string? method, out byte[]? data)
    {
        method = null;
        data = null;
        var reader = new PropertyReader(block, Allowed);
        while (reader.TryRead())
        {
            switch (reader.Id)
            {
                case PropertyId.AuthenticationMethod: method = reader.Text; break;
                case PropertyId.AuthenticationData: data = reader.Value.ToArray(); break;
            }
        }

        return reader.Error;
    }
}
