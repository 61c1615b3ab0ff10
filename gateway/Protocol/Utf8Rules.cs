using System.Text;
using System.Text.Unicode;

namespace GrainMQ.Gateway.Protocol;

/// <summary>What a UTF-8 Encoded String may hold (MQTT 5 §1.5.4).</summary>
public static class Utf8Rules
{
    /// <summary>The longest string that its two length bytes can describe, in bytes.</summary>
    public const int MaximumLength = ushort.MaxValue;

    /// <summary>
    /// True for well-formed UTF-8 without U+0000. Surrogates and overlong forms are not well-formed. Control characters and
    /// non-characters, which senders should avoid, are accepted.
    /// </summary>
    // [MQTT-1.5.4-1], [MQTT-1.5.4-2] (3.1.1: [MQTT-1.5.3-1], [MQTT-1.5.3-2])
    public static bool IsValid(ReadOnlySpan<byte> text) => Utf8.IsValid(text) && !text.Contains((byte)0);

    /// <summary>The string of validated bytes. A leading U+FEFF stays.</summary>
    // [MQTT-1.5.4-3] (3.1.1: [MQTT-1.5.3-3])
    public static string Decode(ReadOnlySpan<byte> text) => Encoding.UTF8.GetString(text);
}
