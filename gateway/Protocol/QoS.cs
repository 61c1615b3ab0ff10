namespace GrainMQ.Gateway.Protocol;

/// <summary>Quality of Service levels (MQTT 5 §4.3).</summary>
public enum QoS : byte
{
    AtMostOnce = 0,
    AtLeastOnce = 1,
    ExactlyOnce = 2,
}
