namespace GrainMQ.Gateway.Protocol;

/// <summary>The Protocol Version byte of CONNECT (MQTT 5 §3.1.2.2); its value is what the wire carries.</summary>
public enum ProtocolVersion : byte
{
    /// <summary>MQTT 3.1, protocol name <c>MQIsdp</c>.</summary>
    Mqtt31 = 3,

    /// <summary>MQTT 3.1.1, protocol name <c>MQTT</c>.</summary>
    Mqtt311 = 4,

    /// <summary>MQTT 5.0, protocol name <c>MQTT</c>.</summary>
    Mqtt5 = 5,
}
