namespace GrainMQ.Gateway.Protocol;

/// <summary>The Connect Flags (MQTT 5 §3.1.2.3).</summary>
internal readonly record struct ConnectFlags(byte Bits)
{
    public bool CleanStart => (Bits & 0x02) != 0;

    public bool HasWill => (Bits & 0x04) != 0;

    public QoS WillQoS => (QoS)(Bits >> 3 & 0b11);

    public bool WillRetain => (Bits & 0x20) != 0;

    public bool HasPassword => (Bits & 0x40) != 0;

    public bool HasUserName => (Bits & 0x80) != 0;

    /// <summary>True where the flags do not contradict each other.</summary>
    public bool AreValid(ProtocolVersion version)
    {
        if ((Bits & 0x01) != 0)
        {
            return false; // [MQTT-3.1.2-3]
        }

        if (WillQoS > QoS.ExactlyOnce)
        {
            return false; // [MQTT-3.1.2-12] (3.1.1: [MQTT-3.1.2-14])
        }

        if (!HasWill && WillQoS != QoS.AtMostOnce)
        {
            return false; // [MQTT-3.1.2-11] (3.1.1: [MQTT-3.1.2-13])
        }

        if (!HasWill && WillRetain)
        {
            return false; // [MQTT-3.1.2-13] (3.1.1: [MQTT-3.1.2-15])
        }

        return version == ProtocolVersion.Mqtt5 || HasUserName || !HasPassword; // 3.1.1 [MQTT-3.1.2-22]
    }
}
