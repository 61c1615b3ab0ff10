using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// The header that a proxy sends before the client's first byte (HAProxy, "The PROXY protocol", versions 1 and 2). Anything that the
/// specification does not allow is malformed, at the first byte that shows it.
/// </summary>
internal static class ProxyHeader
{
    /// <summary>No proxy needs more: the longest address takes 216 bytes, the rest are its own notes (TLV), which are skipped.</summary>
    public const int MaximumLength = 4096;

    private const int TextMaximum = 107; // with CRLF
    private const int BinaryStart = 16;

    private static ReadOnlySpan<byte> TextSignature => "PROXY "u8;

    private static ReadOnlySpan<byte> BinarySignature => [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A];

    /// <param name="input">What has come so far; bytes after the header may follow.</param>
    /// <param name="length">Of the header, when it is whole.</param>
    /// <param name="client">Where the client connects from; null when the proxy does not say: the connection is its own, or of an unknown kind.</param>
    public static ReadStatus TryRead(ReadOnlySpan<byte> input, out int length, out IPEndPoint? client)
    {
        (length, client) = (0, null);
        if (StartsLike(input, TextSignature))
        {
            return input.Length <= TextSignature.Length ? ReadStatus.NeedMore : TryReadText(input, out length, out client);
        }

        if (!StartsLike(input, BinarySignature))
        {
            return ReadStatus.Malformed;
        }

        return input.Length < BinaryStart ? ReadStatus.NeedMore : TryReadBinary(input, out length, out client);
    }

    private static bool StartsLike(ReadOnlySpan<byte> input, ReadOnlySpan<byte> signature)
    {
        var compared = Math.Min(input.Length, signature.Length);
        return input[..compared].SequenceEqual(signature[..compared]);
    }

    // Version 1: "PROXY TCP4 192.0.2.1 203.0.113.1 50000 1883\r\n"
    private static ReadStatus TryReadText(ReadOnlySpan<byte> input, out int length, out IPEndPoint? client)
    {
        (length, client) = (0, null);
        var end = input[..Math.Min(input.Length, TextMaximum)].IndexOf((byte)'\n');
        if (end < 0)
        {
            return input.Length < TextMaximum ? ReadStatus.NeedMore : ReadStatus.Malformed;
        }

        if (input[end - 1] != '\r')
        {
            return ReadStatus.Malformed;
        }

        length = end + 1;
        var text = Encoding.ASCII.GetString(input[TextSignature.Length..(end - 1)]);
        var family = text.Split(' ')[0] switch
        {
            "TCP4" => AddressFamily.InterNetwork,
            "TCP6" => AddressFamily.InterNetworkV6,
            "UNKNOWN" => AddressFamily.Unspecified, // what follows it is not looked at
            _ => AddressFamily.Unknown,
        };
        if (family == AddressFamily.Unspecified)
        {
            return ReadStatus.Ok;
        }

        return family != AddressFamily.Unknown && text.Split(' ') is [_, var source, var destination, var sourcePort, var destinationPort]
            && TryParseAddress(source, family, out var ip) && TryParseAddress(destination, family, out _)
            && TryParsePort(sourcePort, out var port) && TryParsePort(destinationPort, out _)
            && (client = new IPEndPoint(ip, port)) is not null
            ? ReadStatus.Ok
            : ReadStatus.Malformed;
    }

    private static bool TryParseAddress(string text, AddressFamily family, out IPAddress address)
    {
        address = IPAddress.None;
        // IPAddress takes more than the form that is allowed: 1.2.3, 0x7f.1, [::1], ::1%eth0
        if (text.Any(c => !char.IsAsciiHexDigit(c) && c is not ('.' or ':')) || !IPAddress.TryParse(text, out var parsed) || parsed.AddressFamily != family)
        {
            return false;
        }

        address = parsed;
        return family == AddressFamily.InterNetworkV6 || parsed.ToString() == text;
    }

    private static bool TryParsePort(string text, out ushort port) => ushort.TryParse(text, out port) && port.ToString() == text;

    // Version 2: signature, version and command, family and protocol, length; then addresses and ports, then TLVs.
    private static ReadStatus TryReadBinary(ReadOnlySpan<byte> input, out int length, out IPEndPoint? client)
    {
        client = null;
        var (command, family) = (input[12], input[13]);
        var rest = BinaryPrimitives.ReadUInt16BigEndian(input[14..]);
        length = BinaryStart + rest;
        if (command is not (0x20 or 0x21) || length > MaximumLength)
        {
            return ReadStatus.Malformed;
        }

        var isLocal = command == 0x20; // the proxy speaks for itself, a health check: whatever it says of addresses is to be ignored
        if (!isLocal && (AddressLength(family) is not { } addressLength || rest < addressLength))
        {
            return ReadStatus.Malformed;
        }

        if (input.Length < length)
        {
            return ReadStatus.NeedMore;
        }

        if (!isLocal)
        {
            client = ReadClient(family, input[BinaryStart..]);
        }

        return ReadStatus.Ok;
    }

    // Both addresses and both ports; the low half of the byte is stream or datagram.
    private static int? AddressLength(byte family) => family switch
    {
        0x00 => 0,
        0x11 or 0x12 => 12,
        0x21 or 0x22 => 36,
        0x31 or 0x32 => 216,
        _ => null,
    };

    private static IPEndPoint? ReadClient(byte family, ReadOnlySpan<byte> addresses)
    {
        var size = (family >> 4) switch { 1 => 4, 2 => 16, _ => 0 }; // no address, and Unix paths, which say nothing here
        return size == 0 ? null : new IPEndPoint(new IPAddress(addresses[..size]), BinaryPrimitives.ReadUInt16BigEndian(addresses[(2 * size)..]));
    }
}
