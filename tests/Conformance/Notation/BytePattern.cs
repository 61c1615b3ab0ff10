namespace GrainMQ.Tests.Conformance.Notation;

/// <summary>
/// A packet written so that every byte is visible.
/// <list type="table">
/// <item><term><c>30</c></term><description>a byte in hex; <c>78*100</c> is a hundred of them</description></item>
/// <item><term><c>81|82</c></term><description>one byte or the other</description></item>
/// <item><term><c>'a/b'</c></term><description>text in UTF-8; <c>'x'*100</c> repeats it</description></item>
/// <item><term><c>( … )</c></term><description>the content with its length before it as a variable byte integer</description></item>
/// <item><term><c>&lt; … &gt;</c></term><description>the content with its length before it in two bytes</description></item>
/// <item><term><c>{ … }</c></term><description>on MQTT 5.0 only</description></item>
/// <item><term><c>[ … ]</c></term><description>on MQTT 3.1 and 3.1.1 only</description></item>
/// <item><term><c>$p</c></term><description>two bytes that the first match chooses; <c>$p*</c>: the rest of the group</description></item>
/// <item><term><c>??</c>, <c>*</c></term><description>any byte, and whatever is left of the group</description></item>
/// <item><term><c>ok</c></term><description>the end of a successful acknowledgement: nothing, or a code below 80 …</description></item>
/// <item><term><c>@protocol</c>, <c>@id</c></term><description>protocol name and level; the connection's name</description></item>
/// </list>
/// A publication to <c>a/b</c>, for instance: <c>30 (&lt;'a/b'&gt; {()} 'hello')</c>.
/// </summary>
public sealed class BytePattern
{
    private readonly PatternNode[] _nodes;

    private BytePattern(PatternNode[] nodes) => _nodes = nodes;

    /// <exception cref="FormatException">The notation is wrong; the message says where.</exception>
    public static BytePattern Parse(string text, MqttVersion version, string connection = "c") =>
        new(new PatternParser(text, version, connection).Parse());

    /// <summary>The bytes; every variable in it must have a value.</summary>
    public byte[] Encode(IReadOnlyDictionary<string, byte[]> variables)
    {
        var bytes = new List<byte>();
        PatternEncoder.Encode(_nodes, variables, bytes);
        return [.. bytes];
    }

    /// <summary>
    /// Null when <paramref name="packet"/> is what the pattern says, else the first difference. A match may give values to variables.
    /// </summary>
    public string? Mismatch(ReadOnlySpan<byte> packet, IDictionary<string, byte[]> variables) =>
        PatternMatcher.Match(_nodes, packet, variables);
}
