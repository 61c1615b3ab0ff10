using System.Buffers;
using System.Text.Unicode;

namespace GrainMQ.Gateway.Protocol;

/// <summary>The rules for Topic Names (MQTT 5 §4.7).</summary>
public static class TopicName
{
    private static readonly SearchValues<byte> NullAndWildcards = SearchValues.Create("\0+#"u8);

    /// <summary>True for a non-empty, well-formed UTF-8 string without wildcards and U+0000.</summary>
    public static bool IsValid(ReadOnlySpan<byte> topic) => !topic.IsEmpty && Check(topic) == ReasonCode.Success;

    /// <summary>
    /// True for names under which clients exchange nothing (§4.7.2): <c>$SYS</c> and what is below it, where a client would take what another
    /// one says for the server's word, and <c>$share/…</c>, which is how a Shared Subscription begins and a mistake in a Topic Name. Other names
    /// that begin with $ are the clients' own.
    /// </summary>
    public static bool IsReserved(ReadOnlySpan<byte> topic) =>
        topic.StartsWith("$S"u8) ? topic.SequenceEqual("$SYS"u8) || topic.StartsWith("$SYS/"u8) : topic.StartsWith("$share/"u8);

    /// <summary>How many levels it has; at least one. §4.7.1.1</summary>
    public static int Levels(ReadOnlySpan<byte> topic) => topic.Count((byte)'/') + 1;

    /// <summary>Success, or why the name is refused. An empty name passes: a Topic Alias may stand for it.</summary>
    internal static ReasonCode Check(ReadOnlySpan<byte> topic)
    {
        if (!Utf8.IsValid(topic))
        {
            return ReasonCode.MalformedPacket; // [MQTT-1.5.4-1] (3.1.1: [MQTT-1.5.3-1])
        }

        // [MQTT-1.5.4-2], [MQTT-4.7.3-2], [MQTT-3.3.2-2]. Topic Name invalid (0x90) is for names that are well-formed.
        return topic.ContainsAny(NullAndWildcards) ? ReasonCode.MalformedPacket : ReasonCode.Success;
    }
}
