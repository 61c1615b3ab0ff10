namespace GrainMQ.Gateway.Protocol;

/// <summary>The outcome of reading something of which more bytes may still arrive.</summary>
public enum ReadStatus
{
    /// <summary>The value was read.</summary>
    Ok,

    /// <summary>The bytes so far are fine, but the value is not complete.</summary>
    NeedMore,

    /// <summary>No continuation can make the bytes valid: close with 0x81 Malformed Packet.</summary>
    Malformed,

    /// <summary>The packet is larger than this server accepts: close with 0x95 Packet too large.</summary>
    TooLarge,
}
