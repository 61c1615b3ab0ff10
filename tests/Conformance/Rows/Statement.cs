using System.Text.Json.Serialization;

namespace GrainMQ.Tests.Conformance.Rows;

/// <summary>One numbered normative statement of a specification, in our words.</summary>
public sealed class Statement
{
    /// <summary>As the specification prints it: <c>MQTT-3.1.0-2</c>.</summary>
    [JsonPropertyName("id")]
    public required string Id { get; init; }

    /// <summary><c>server</c>, <c>client</c> or <c>both</c>.</summary>
    [JsonPropertyName("binds")]
    public required string Binds { get; init; }

    [JsonPropertyName("summary")]
    public required string Summary { get; init; }

    /// <summary>Why no row can show it. Null: rows do.</summary>
    [JsonPropertyName("untestable")]
    public string? Untestable { get; init; }

    [JsonIgnore]
    public bool BindsServer => Binds is "server" or "both";
}
