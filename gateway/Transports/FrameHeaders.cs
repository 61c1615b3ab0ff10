namespace GrainMQ.Gateway.Transports;

/// <summary>
/// Follows the headers of a client's WebSocket frames through whatever pieces they come in, and finds the first illegal one by its first two bytes.
/// The library would wait for as many bytes as a legal header has, which a client that does not mask its frames (RFC 6455 §5.1) may never send.
/// Given any bytes behind the two, the library closes the WebSocket with 1002 itself.
/// </summary>
internal sealed class FrameHeaders
{
    private const byte Final = 0x80, Reserved = 0x70, Opcode = 0x0F, Control = 0x08, Masked = 0x80, Length = 0x7F;
    private const int LargestControl = 125, TwoByteLength = 126, EightByteLength = 127, MaskBytes = 4;

    private Part _part;
    private byte _first;
    private int _more;
    private ulong _payload;

    private enum Part : byte { First, Second, Length, Mask, Payload }

    /// <summary>Takes the next bytes; returns how many of them belong to what is legal and the two of the illegal header, or -1.</summary>
    public int FindIllegal(ReadOnlySpan<byte> bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            switch (_part)
            {
                case Part.First:
                    _first = bytes[at++];
                    _part = Part.Second;
                    break;
                case Part.Second:
                    var second = bytes[at++];
                    if (!IsLegal(_first, second))
                    {
                        return at;
                    }

                    BeginHeader(second & Length);
                    break;
                case Part.Length:
                    _payload = (_payload << 8) | bytes[at++];
                    if (--_more == 0)
                    {
                        (_part, _more) = (Part.Mask, MaskBytes);
                    }

                    break;
                case Part.Mask:
                    var taken = Math.Min(_more, bytes.Length - at);
                    at += taken;
                    if ((_more -= taken) == 0)
                    {
                        _part = _payload == 0 ? Part.First : Part.Payload;
                    }

                    break;
                default:
                    var skipped = (int)Math.Min(_payload, (ulong)(bytes.Length - at));
                    at += skipped;
                    if ((_payload -= (ulong)skipped) == 0)
                    {
                        _part = Part.First;
                    }

                    break;
            }
        }

        return -1;
    }

    private static bool IsLegal(byte first, byte second)
    {
        var isControl = (first & Control) != 0;
        return (first & Reserved) == 0
            && (first & Opcode) is <= 2 or (>= 8 and <= 10)
            && (second & Masked) != 0
            && (!isControl || ((first & Final) != 0 && (second & Length) <= LargestControl)); // RFC 6455 §5.5
    }

    private void BeginHeader(int length)
    {
        (_part, _more) = length switch
        {
            TwoByteLength => (Part.Length, 2),
            EightByteLength => (Part.Length, 8),
            _ => (Part.Mask, MaskBytes),
        };
        _payload = _part == Part.Length ? 0 : (ulong)length;
    }
}
