using System.Globalization;
using System.Text;

namespace GrainMQ.Tests.Testing;

/// <summary>
/// Bytes as a table: hexadecimal pairs and quoted text, in lines of which each may end with a <c># comment</c>.
/// <code>
/// 00 04 "MQTT"   # protocol name
/// 05             # protocol version
/// </code>
/// </summary>
public static class AnnotatedBytes
{
    /// <exception cref="FormatException">A token is neither a hexadecimal pair nor quoted text.</exception>
    public static byte[] Parse(string table)
    {
        var bytes = new List<byte>();
        foreach (var line in table.Split('\n'))
        {
            ParseLine(line.AsSpan(), bytes);
        }

        return [.. bytes];
    }

    private static void ParseLine(ReadOnlySpan<char> line, List<byte> bytes)
    {
        for (line = line.Trim(); !line.IsEmpty && line[0] != '#'; line = line.TrimStart())
        {
            if (line[0] == '"')
            {
                var end = line[1..].IndexOf('"');
                if (end < 0)
                {
                    throw new FormatException($"The quotation does not end: {line}");
                }

                bytes.AddRange(Encoding.UTF8.GetBytes(line.Slice(1, end).ToString()));
                line = line[(end + 2)..];
            }
            else
            {
                bytes.Add(byte.Parse(line[..Math.Min(2, line.Length)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture));
                line = line[2..];
            }
        }
    }
}
