using System.Text;
using GrainMQ.Tests.Conformance.Notation;
using GrainMQ.Tests.Conformance.Rows;

namespace GrainMQ.Tests.Conformance.Running;

/// <summary>
/// What holds for every packet of the server in every row: flags, lengths, reason codes, packet identifiers, properties where they
/// belong. Rows that cite these statements rely on it.
/// </summary>
public static class WireRules
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    /// <summary>Null, or what is wrong with the packet.</summary>
    public static string? Violation(MqttVersion version, ReadOnlySpan<byte> packet)
    {
        var (type, flags) = (packet[0] >> 4, packet[0] & 0x0F);
        var body = packet[1..];
        if (!VariableByteInteger.TryRead(ref body, out var length) || length != body.Length) // [MQTT-1.5.5-1]
        {
            return "the remaining length is wrong";
        }

        if (type is 0 or 1 or 8 or 10 or 12 || (version != MqttVersion.V5 && type > 13))
        {
            return $"a server does not send packet type {type}";
        }

        if (type != 3 && flags != (type == 6 ? 2 : 0)) // [MQTT-2.1.3-1] [MQTT-2.2.2-1]
        {
            return $"flags {flags:X} on packet type {type}";
        }

        return type switch
        {
            2 => Connack(version, body),
            3 => Publish(flags, body),
            4 or 5 or 6 or 7 or 9 or 11 => Acknowledgement(version, type, body),
            14 => body.IsEmpty ? null : ReasonCodes.Violation(type, body[0]),
            15 => body.IsEmpty ? "AUTH without a method" : ReasonCodes.Violation(type, body[0]),
            _ => null,
        } ?? (version == MqttVersion.V5 && type is not 13 ? PropertyViolation(type, packet) : null);
    }

    private static string? Connack(MqttVersion version, ReadOnlySpan<byte> body)
    {
        if (body.Length < 2 || (version != MqttVersion.V5 && body.Length != 2))
        {
            return "CONNACK has the wrong length";
        }

        if ((body[0] & 0xFE) != 0) // [MQTT-3.2.2-1]
        {
            return "reserved acknowledge flags are set";
        }

        if (body[0] == 1 && body[1] != 0) // [MQTT-3.2.2-6]
        {
            return "a session is present in a refusal";
        }

        if (version == MqttVersion.V5)
        {
            return ReasonCodes.Violation(2, body[1]);
        }

        return body[1] > 5 ? $"return code {body[1]:X2} does not exist" : null;
    }

    private static string? Publish(int flags, ReadOnlySpan<byte> body)
    {
        var qos = flags >> 1 & 3;
        if (qos == 3) // [MQTT-3.3.1-4]
        {
            return "QoS 3";
        }

        if (qos == 0 && (flags & 8) != 0) // [MQTT-3.3.1-2]
        {
            return "DUP on QoS 0";
        }

        var topicLength = body[0] << 8 | body[1];
        if (Text(body.Slice(2, topicLength)) is not { } topic || topic.AsSpan().ContainsAny("+#\0")) // [MQTT-3.3.2-1] [MQTT-3.3.2-2]
        {
            return "the topic name is invalid";
        }

        return qos > 0 && body.Slice(2 + topicLength, 2) is [0, 0] ? "packet identifier 0" : null; // [MQTT-2.2.1-4]
    }

    private static string? Acknowledgement(MqttVersion version, int type, ReadOnlySpan<byte> body)
    {
        if (body.Length < 2 || body is [0, 0, ..])
        {
            return "no packet identifier";
        }

        var rest = body[2..];
        if (type is not (9 or 11) && (rest.IsEmpty || version == MqttVersion.V5))
        {
            return rest.IsEmpty ? null : ReasonCodes.Violation(type, rest[0]);
        }

        if (type is not (9 or 11))
        {
            return "bytes behind the packet identifier";
        }

        if (version != MqttVersion.V5)
        {
            return type == 11 ? (rest.IsEmpty ? null : "UNSUBACK has a payload") : ReturnCodeViolation(rest);
        }

        if (!VariableByteInteger.TryRead(ref rest, out var length))
        {
            return "the property length is wrong";
        }

        foreach (var code in rest[length..])
        {
            if (ReasonCodes.Violation(type, code) is { } violation)
            {
                return violation;
            }
        }
        return null;
    }

    /// <summary>[MQTT-3.9.3-2] of 3.1.1.</summary>
    private static string? ReturnCodeViolation(ReadOnlySpan<byte> codes)
    {
        var wrong = codes.IndexOfAnyExcept<byte>([0x00, 0x01, 0x02, 0x80]);
        return wrong < 0 ? null : $"SUBACK return code {codes[wrong]:X2}";
    }

    private static string? PropertyViolation(int type, ReadOnlySpan<byte> packet)
    {
        var seen = new HashSet<byte>();
        foreach (var property in PacketProperties.Of(packet))
        {
            if (!Allowed(type).Contains(property[0]))
            {
                return $"property {property[0]:X2} on packet type {type}";
            }

            var repeatable = property[0] == 0x26 || (property[0] == 0x0B && type == 3);
            if (!seen.Add(property[0]) && !repeatable)
            {
                return $"property {property[0]:X2} twice";
            }
        }
        return null;
    }

    /// <summary>What a server may send where (§2.2.2.2); Session Expiry Interval on DISCONNECT is the client's [MQTT-3.14.2-2].</summary>
    private static ReadOnlySpan<byte> Allowed(int type) => type switch
    {
        2 => [0x11, 0x12, 0x13, 0x15, 0x16, 0x1A, 0x1C, 0x1F, 0x21, 0x22, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2A],
        3 => [0x01, 0x02, 0x03, 0x08, 0x09, 0x0B, 0x23, 0x26],
        14 => [0x1C, 0x1F, 0x26],
        15 => [0x15, 0x16, 0x1F, 0x26],
        _ => [0x1F, 0x26],
    };

    private static string? Text(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }
}
