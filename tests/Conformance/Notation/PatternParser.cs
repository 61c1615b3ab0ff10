using System.Globalization;
using System.Text;

namespace GrainMQ.Tests.Conformance.Notation;

/// <summary>Reads byte notation by recursive descent: a group is a list of tokens up to its closing bracket.</summary>
internal sealed class PatternParser(string text, MqttVersion version, string connection)
{
    private int _at;

    public PatternNode[] Parse()
    {
        var nodes = Group(end: '\0');
        return [.. nodes];
    }

    private List<PatternNode> Group(char end)
    {
        var nodes = new List<PatternNode>();
        while (true)
        {
            SkipSpaces();
            if (_at == text.Length)
            {
                return end == '\0' ? nodes : throw Wrong($"'{end}' is missing");
            }

            if (text[_at] == end)
            {
                _at++;
                return nodes;
            }
            Token(nodes);
        }
    }

    private void Token(List<PatternNode> nodes)
    {
        switch (text[_at])
        {
            case '(': _at++; nodes.Add(new PatternNode.VariableLength([.. Group(')')])); break;
            case '<': _at++; nodes.Add(new PatternNode.TwoByteLength([.. Group('>')])); break;
            case '{': _at++; AddIf(version == MqttVersion.V5, nodes, Group('}')); break;
            case '[': _at++; AddIf(version != MqttVersion.V5, nodes, Group(']')); break;
            case '\'': nodes.Add(Repeat(Text())); break;
            case '$': nodes.Add(Variable()); break;
            case '*': _at++; nodes.Add(new PatternNode.Rest()); break;
            default: Word(nodes); break;
        }
    }

    private static void AddIf(bool condition, List<PatternNode> nodes, List<PatternNode> more)
    {
        if (condition)
        {
            nodes.AddRange(more);
        }
    }

    private void Word(List<PatternNode> nodes)
    {
        if (Take("??"))
        {
            nodes.Add(new PatternNode.AnyByte());
        }
        else if (Take("ok"))
        {
            nodes.Add(new PatternNode.Success());
        }
        else if (Take("@protocol"))
        {
            nodes.Add(new PatternNode.Literal(Protocol()));
        }
        else if (Take("@id"))
        {
            nodes.Add(new PatternNode.Literal(Encoding.UTF8.GetBytes(connection)));
        }
        else
        {
            HexByte(nodes);
        }
    }

    private byte[] Protocol() => version switch
    {
        MqttVersion.V31 => [0, 6, .. "MQIsdp"u8, 3],
        _ => [0, 4, .. "MQTT"u8, (byte)version],
    };

    private void HexByte(List<PatternNode> nodes)
    {
        var value = Hex();
        if (_at == text.Length || text[_at] != '|')
        {
            nodes.Add(Repeat([value]));
            return;
        }
        var choices = new List<byte> { value };
        while (Take("|"))
        {
            choices.Add(Hex());
        }

        nodes.Add(new PatternNode.OneOf([.. choices]));
    }

    private byte Hex()
    {
        var digits = text.AsSpan(_at, Math.Min(2, text.Length - _at));
        if (digits.Length < 2 || !byte.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            throw Wrong("neither a byte in hex nor another token");
        }

        _at += 2;
        return value;
    }

    private byte[] Text()
    {
        var end = text.IndexOf('\'', _at + 1);
        if (end < 0)
        {
            throw Wrong("the quote is not closed");
        }

        var bytes = Encoding.UTF8.GetBytes(text[(_at + 1)..end]);
        _at = end + 1;
        return bytes;
    }

    /// <summary>A star with digits right behind bytes repeats them; with anything else it is a token of its own.</summary>
    private PatternNode.Literal Repeat(byte[] bytes)
    {
        if (_at + 1 >= text.Length || text[_at] != '*' || !char.IsAsciiDigit(text[_at + 1]))
        {
            return new PatternNode.Literal(bytes);
        }

        var start = ++_at;
        while (_at < text.Length && char.IsAsciiDigit(text[_at]))
        {
            _at++;
        }

        var count = int.Parse(text.AsSpan(start, _at - start), CultureInfo.InvariantCulture);
        return new PatternNode.Literal([.. Enumerable.Repeat(bytes, count).SelectMany(part => part)]);
    }

    private PatternNode Variable()
    {
        var start = ++_at;
        while (_at < text.Length && char.IsAsciiLetterOrDigit(text[_at]))
        {
            _at++;
        }

        if (_at == start)
        {
            throw Wrong("a variable has no name");
        }

        var name = text[start.._at];
        return Take("*") ? new PatternNode.RestVariable(name) : new PatternNode.Variable(name);
    }

    private void SkipSpaces()
    {
        while (_at < text.Length && text[_at] == ' ')
        {
            _at++;
        }
    }

    private bool Take(string token)
    {
        if (!text.AsSpan(_at).StartsWith(token, StringComparison.Ordinal))
        {
            return false;
        }

        _at += token.Length;
        return true;
    }

    private FormatException Wrong(string what) => new($"{what}, at character {_at} of: {text}");
}
