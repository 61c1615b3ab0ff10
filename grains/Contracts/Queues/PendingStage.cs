namespace GrainMQ.Grains.Contracts;

/// <summary>How far the delivery of a message has come.</summary>
public enum PendingStage : byte
{
    /// <summary>The message was never sent.</summary>
    Queued,

    /// <summary>PUBLISH was sent and not acknowledged: it is sent again with DUP on resume. [MQTT-4.4.0-1]</summary>
    Published,

    /// <summary>PUBREC was received: PUBREL is sent again on resume, and the message itself is no longer needed.</summary>
    Released,
}
