using GrainMQ.Tests.Conformance.Notation;

namespace GrainMQ.Tests.Conformance.Rows;

/// <summary>
/// One line of a row: <c>CONNECTION VERB ARGUMENTS // note</c>. A connection opens when its name is first used, and again after it was
/// closed or dropped. Packets are in the notation of <see cref="BytePattern"/>.
/// <list type="table">
/// <item><term><c>a &gt; PACKET</c></term><description>the client sends these bytes in one write</description></item>
/// <item><term><c>a &lt; PACKET</c></term><description>the next packet from the server; <c>properties P, P</c> behind it names all of its
/// properties, <c>with P, P</c> some of them, <c>without 1F, 26</c> identifiers that it must not have. Order counts only between user
/// properties.</description></item>
/// <item><term><c>a &lt;&lt; PACKET ; PACKET</c></term><description>the next packets, in any order</description></item>
/// <item><term><c>a nothing</c></term><description>the server has nothing for it: the reply to a PINGREQ comes next</description></item>
/// <item><term><c>a closed</c></term><description>the server closes, without another packet</description></item>
/// <item><term><c>a error 82</c></term><description>DISCONNECT with that code, then closed; on 3.x just closed</description></item>
/// <item><term><c>a refused 85/02</c></term><description>CONNACK with that code (5.0 / 3.x), then closed; without the second code 3.x is
/// closed at once</description></item>
/// <item><term><c>a rejected</c></term><description>closed, after a CONNACK with an error code or none: left open</description></item>
/// <item><term><c>a drop</c></term><description>the network fails: no DISCONNECT</description></item>
/// <item><term><c>a limit 20</c></term><description>from here on every packet it receives has at most so many bytes</description></item>
/// <item><term><c>a version 3.1.1</c></term><description>this connection speaks another version than the row</description></item>
/// <item><term><c>a connect</c></term><description>a macro of macros.json: its steps for this connection</description></item>
/// <item><term><c>advance 15s</c></term><description>the clock moves, after everything under way has settled</description></item>
/// <item><term><c>differ $p $q</c></term><description>the variables have different values</description></item>
/// </list>
/// <c>v5:</c> or <c>v3:</c> in front of a line: on 5.0 only, on 3.1 and 3.1.1 only.
/// </summary>
public sealed record Step(string Text, string Connection, string Verb, string Arguments, bool OnV5, bool OnV3)
{
    private static readonly string[] WithoutConnection = ["advance", "differ"];

    /// <exception cref="FormatException">The line is no step.</exception>
    public static Step Parse(string text)
    {
        var line = WithoutNote(text).Trim();
        var onV5 = !line.StartsWith("v3:", StringComparison.Ordinal);
        var onV3 = !line.StartsWith("v5:", StringComparison.Ordinal);
        if (!onV5 || !onV3)
        {
            line = line[3..].TrimStart();
        }

        var first = NextWord(ref line);
        if (WithoutConnection.Contains(first))
        {
            return new Step(text, "", first, line, onV5, onV3);
        }

        var verb = NextWord(ref line);
        return verb == ""
            ? throw new FormatException($"A step has a connection and a verb: {text}")
            : new Step(text, first, verb, line, onV5, onV3);
    }

    public bool AppliesTo(MqttVersion version) => version == MqttVersion.V5 ? OnV5 : OnV3;

    private static string NextWord(ref string line)
    {
        var end = line.IndexOf(' ', StringComparison.Ordinal);
        var word = end < 0 ? line : line[..end];
        line = end < 0 ? "" : line[(end + 1)..].TrimStart();
        return word;
    }

    /// <summary>Two slashes inside quotes belong to a topic.</summary>
    private static string WithoutNote(string text)
    {
        var quoted = false;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\'')
            {
                quoted = !quoted;
            }

            if (!quoted && text.AsSpan(i).StartsWith("//", StringComparison.Ordinal))
            {
                return text[..i];
            }
        }
        return text;
    }
}
