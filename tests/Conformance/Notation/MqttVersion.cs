namespace GrainMQ.Tests.Conformance.Notation;

/// <summary>The protocol version that a connection of a row speaks; the value is the protocol level in its CONNECT.</summary>
public enum MqttVersion : byte
{
    V31 = 3,
    V311 = 4,
    V5 = 5,
}

public static class MqttVersionNames
{
    public static readonly IReadOnlyList<string> All = ["3.1", "3.1.1", "5.0"];

    public static MqttVersion Parse(string name) => name switch
    {
        "3.1" => MqttVersion.V31,
        "3.1.1" => MqttVersion.V311,
        "5.0" => MqttVersion.V5,
        _ => throw new FormatException($"'{name}' is no MQTT version; it is one of {string.Join(", ", All)}."),
    };
}
