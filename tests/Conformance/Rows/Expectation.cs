using GrainMQ.Tests.Conformance.Notation;

namespace GrainMQ.Tests.Conformance.Rows;

/// <summary>One expected packet: its bytes and, where their order must not count, its properties.</summary>
public sealed class Expectation
{
    private const byte UserProperty = 0x26;

    private readonly string _text;
    private readonly BytePattern _packet;
    private readonly BytePattern[]? _all;
    private readonly BytePattern[] _some;
    private readonly byte[] _none;

    private Expectation(string text, MqttVersion version, string connection)
    {
        _text = text;
        var parts = Clauses(text);
        _packet = BytePattern.Parse(parts[""], version, connection);
        _all = parts.TryGetValue("properties", out var all) ? Patterns(all, version, connection) : null;
        _some = parts.TryGetValue("with", out var some) ? Patterns(some, version, connection) : [];
        _none = parts.TryGetValue("without", out var none) ? [.. List(none).Select(hex => Convert.FromHexString(hex)[0])] : [];
    }

    public static Expectation Parse(string text, MqttVersion version, string connection) => new(text, version, connection);

    /// <summary>Several of them with semicolons between.</summary>
    public static List<Expectation> ParseMany(string text, MqttVersion version, string connection) =>
        [.. Split(text, ';').Select(part => Parse(part, version, connection))];

    /// <summary>Null when the packet is as expected.</summary>
    public string? Mismatch(byte[] packet, IDictionary<string, byte[]> variables)
    {
        if (_packet.Mismatch(packet, variables) is { } difference)
        {
            return difference;
        }

        if (_all is null && _some.Length == 0 && _none.Length == 0)
        {
            return null;
        }

        var properties = PacketProperties.Of(packet);
        if (properties.Find(property => _none.Contains(property[0])) is { } forbidden)
        {
            return $"a property that must not be there: {Convert.ToHexString(forbidden)}";
        }

        return PropertyMismatch(properties, variables);
    }

    public override string ToString() => _text.Trim();

    private string? PropertyMismatch(List<byte[]> properties, IDictionary<string, byte[]> variables)
    {
        var used = new bool[properties.Count];
        var lastUserProperty = -1;
        foreach (var pattern in _all ?? _some)
        {
            var index = Enumerable.Range(0, properties.Count)
                .FirstOrDefault(i => !used[i] && pattern.Mismatch(properties[i], variables) is null, -1);
            if (index < 0)
            {
                return "a property is missing";
            }

            if (properties[index][0] == UserProperty && index < lastUserProperty)
            {
                return "user properties out of order";
            }

            if (properties[index][0] == UserProperty)
            {
                lastUserProperty = index;
            }

            used[index] = true;
        }
        var more = Array.IndexOf(used, false);
        return _all is not null && more >= 0 ? $"a property more: {Convert.ToHexString(properties[more])}" : null;
    }

    private static BytePattern[] Patterns(string list, MqttVersion version, string connection) =>
        [.. List(list).Select(part => BytePattern.Parse(part, version, connection))];

    private static IEnumerable<string> List(string text) => Split(text, ',').Select(part => part.Trim()).Where(part => part != "");

    private static Dictionary<string, string> Clauses(string text)
    {
        var clauses = new Dictionary<string, string>();
        var (name, start) = ("", 0);
        foreach (var (at, keyword) in Keywords(text))
        {
            clauses.Add(name, text[start..at]);
            (name, start) = (keyword, at + keyword.Length);
        }
        clauses.Add(name, text[start..]);
        return clauses;
    }

    private static IEnumerable<(int At, string Keyword)> Keywords(string text)
    {
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\'')
            {
                quoted = !quoted;
            }

            if (quoted || (i > 0 && text[i - 1] != ' '))
            {
                continue;
            }

            foreach (var keyword in new[] { "properties", "without", "with" })
            {
                if (!text.AsSpan(i).StartsWith(keyword + " ", StringComparison.Ordinal) && text[i..] != keyword)
                {
                    continue;
                }

                yield return (i, keyword);
                break;
            }
        }
    }

    private static IEnumerable<string> Split(string text, char separator)
    {
        var (quoted, start) = (false, 0);
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\'')
            {
                quoted = !quoted;
            }

            if (quoted || text[i] != separator)
            {
                continue;
            }

            yield return text[start..i];
            start = i + 1;
        }
        yield return text[start..];
    }
}
