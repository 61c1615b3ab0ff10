using System.Text.Json;
using System.Text.Json.Serialization;

namespace GrainMQ.Tests.Conformance.Rows;

/// <summary>
/// One sentence about the broker and the bytes that prove it. A row runs once for every version whose list of statements it has; the
/// list may be empty where the sentence follows from no numbered statement.
/// </summary>
public sealed class Row
{
    [JsonPropertyName("name")]
    public required string Name { get; init; }

    [JsonPropertyName("3.1")]
    public string[]? Mqtt31 { get; init; }

    [JsonPropertyName("3.1.1")]
    public string[]? Mqtt311 { get; init; }

    [JsonPropertyName("5.0")]
    public string[]? Mqtt5 { get; init; }

    /// <summary>Settings of the gateway that differ from the defaults, by their path: <c>"Connections:MaximumQoS": 1</c>.</summary>
    [JsonPropertyName("options")]
    public Dictionary<string, JsonElement> Options { get; init; } = [];

    /// <summary>Lines of the password file; without them there is none.</summary>
    [JsonPropertyName("users")]
    public string[] Users { get; init; } = [];

    /// <summary>False: not run again with every byte sent alone, because it is long and nothing in it depends on that.</summary>
    [JsonPropertyName("split")]
    public bool Split { get; init; } = true;

    /// <summary>See <see cref="Step"/>.</summary>
    [JsonPropertyName("steps")]
    public required string[] Steps { get; init; }

    /// <summary>The versions it runs on, each with the statements it is evidence for.</summary>
    [JsonIgnore]
    public IEnumerable<(string Version, string[] Statements)> Versions
    {
        get
        {
            if (Mqtt31 is not null)
            {
                yield return ("3.1", Mqtt31);
            }

            if (Mqtt311 is not null)
            {
                yield return ("3.1.1", Mqtt311);
            }

            if (Mqtt5 is not null)
            {
                yield return ("5.0", Mqtt5);
            }
        }
    }
}
