namespace GrainMQ.Grains.Contracts;

/// <summary>What happens to the will when a connection ends.</summary>
public enum WillAction : byte
{
    /// <summary>The will is deleted: the client sent DISCONNECT 0x00, or the gateway has published the will already.</summary>
    Discard,

    /// <summary>The will is due after its delay, or when the session ends, whichever comes first. [MQTT-3.1.2-8]</summary>
    Arm,
}
