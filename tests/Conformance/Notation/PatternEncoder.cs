namespace GrainMQ.Tests.Conformance.Notation;

internal static class PatternEncoder
{
    public static void Encode(PatternNode[] nodes, IReadOnlyDictionary<string, byte[]> variables, List<byte> bytes)
    {
        foreach (var node in nodes)
        {
            Encode(node, variables, bytes);
        }
    }

    private static void Encode(PatternNode node, IReadOnlyDictionary<string, byte[]> variables, List<byte> bytes)
    {
        switch (node)
        {
            case PatternNode.Literal literal:
                bytes.AddRange(literal.Bytes);
                break;
            case PatternNode.Variable variable:
                bytes.AddRange(Value(variable.Name, variables));
                break;
            case PatternNode.RestVariable variable:
                bytes.AddRange(Value(variable.Name, variables));
                break;
            case PatternNode.VariableLength group:
                var content = Content(group.Content, variables);
                AddVariableByteInteger(content.Count, bytes);
                bytes.AddRange(content);
                break;
            case PatternNode.TwoByteLength group:
                var text = Content(group.Content, variables);
                bytes.Add((byte)(text.Count >> 8));
                bytes.Add((byte)text.Count);
                bytes.AddRange(text);
                break;
            default:
                throw new FormatException($"{node.GetType().Name} can be matched but not sent.");
        }
    }

    private static List<byte> Content(PatternNode[] nodes, IReadOnlyDictionary<string, byte[]> variables)
    {
        var content = new List<byte>();
        Encode(nodes, variables, content);
        return content;
    }

    private static byte[] Value(string name, IReadOnlyDictionary<string, byte[]> variables) =>
        variables.TryGetValue(name, out var value) ? value : throw new FormatException($"${name} has no value yet.");

    private static void AddVariableByteInteger(int value, List<byte> bytes)
    {
        do
        {
            bytes.Add((byte)(value > 0x7F ? value & 0x7F | 0x80 : value));
            value >>= 7;
        }
        while (value > 0);
    }
}
