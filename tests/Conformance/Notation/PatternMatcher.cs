namespace GrainMQ.Tests.Conformance.Notation;

/// <summary>
/// Walks pattern and packet together. A group is matched against exactly the bytes that its length names, so that a wildcard inside
/// it never runs over its end, and a wrong length is a difference like any other.
/// </summary>
internal static class PatternMatcher
{
    public static string? Match(PatternNode[] nodes, ReadOnlySpan<byte> bytes, IDictionary<string, byte[]> variables)
    {
        foreach (var node in nodes)
        {
            if (MatchOne(node, ref bytes, variables) is { } difference)
            {
                return difference;
            }
        }
        return bytes.IsEmpty ? null : $"unexpected bytes at the end of a group: {Convert.ToHexString(bytes)}";
    }

    private static string? MatchOne(PatternNode node, ref ReadOnlySpan<byte> bytes, IDictionary<string, byte[]> variables)
    {
        switch (node)
        {
            case PatternNode.Literal literal:
                return Take(literal.Bytes, ref bytes);
            case PatternNode.OneOf choice:
                return TakeOneOf(choice.Choices, ref bytes);
            case PatternNode.AnyByte:
                return TakeAny(ref bytes);
            case PatternNode.Rest:
                bytes = default;
                return null;
            case PatternNode.Success:
                return TakeSuccess(ref bytes);
            case PatternNode.Variable variable:
                return TakeVariable(variable.Name, 2, ref bytes, variables);
            case PatternNode.RestVariable variable:
                return TakeVariable(variable.Name, bytes.Length, ref bytes, variables);
            case PatternNode.VariableLength group:
                return VariableByteInteger.TryRead(ref bytes, out var length)
                    ? MatchGroup(group.Content, length, ref bytes, variables)
                    : "a length that is no variable byte integer of the fewest bytes";
            case PatternNode.TwoByteLength group:
                return bytes.Length < 2 ? "the packet ends inside a length" : MatchTwoByteLength(group, ref bytes, variables);
            default:
                throw new InvalidOperationException($"{node.GetType().Name} has no matcher.");
        }
    }

    private static string? MatchTwoByteLength(
        PatternNode.TwoByteLength group, ref ReadOnlySpan<byte> bytes, IDictionary<string, byte[]> variables)
    {
        var length = bytes[0] << 8 | bytes[1];
        bytes = bytes[2..];
        return MatchGroup(group.Content, length, ref bytes, variables);
    }

    private static string? MatchGroup(
        PatternNode[] content, int length, ref ReadOnlySpan<byte> bytes, IDictionary<string, byte[]> variables)
    {
        if (length > bytes.Length)
        {
            return $"a length of {length} where {bytes.Length} bytes follow";
        }

        var group = bytes[..length];
        bytes = bytes[length..];
        return Match(content, group, variables);
    }

    private static string? Take(byte[] expected, ref ReadOnlySpan<byte> bytes)
    {
        if (!bytes.StartsWith(expected))
        {
            return $"expected {Convert.ToHexString(expected)}, found {Start(bytes, expected.Length)}";
        }

        bytes = bytes[expected.Length..];
        return null;
    }

    private static string? TakeOneOf(byte[] choices, ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty || !choices.AsSpan().Contains(bytes[0]))
        {
            return $"expected one of {Convert.ToHexString(choices)}, found {Start(bytes, 1)}";
        }

        bytes = bytes[1..];
        return null;
    }

    private static string? TakeAny(ref ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return "the packet ends early";
        }

        bytes = bytes[1..];
        return null;
    }

    private static string? TakeSuccess(ref ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty && bytes[0] >= 0x80)
        {
            return $"expected success, found reason code {bytes[0]:X2}";
        }

        bytes = default;
        return null;
    }

    private static string? TakeVariable(string name, int length, ref ReadOnlySpan<byte> bytes, IDictionary<string, byte[]> variables)
    {
        if (variables.TryGetValue(name, out var value))
        {
            return Take(value, ref bytes);
        }

        if (bytes.Length < length)
        {
            return "the packet ends early";
        }

        variables[name] = bytes[..length].ToArray();
        bytes = bytes[length..];
        return null;
    }

    private static string Start(ReadOnlySpan<byte> bytes, int length) => Convert.ToHexString(bytes[..Math.Min(length, bytes.Length)]);
}
