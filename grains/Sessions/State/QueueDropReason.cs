namespace GrainMQ.Grains.Sessions.State;

/// <summary>Why a message for a stored session is never delivered to it.</summary>
internal enum QueueDropReason
{
    /// <summary>The session's queue was full; the oldest message that had not begun was dropped.</summary>
    QueueFull,

    /// <summary>Its Message Expiry Interval passed while it waited.</summary>
    Expired,

    /// <summary>The session had just been attached, and the message was QoS 0.</summary>
    Attached,

    /// <summary>The session had ended.</summary>
    NoSession,

    /// <summary>Its bytes in the write-ahead log are not those that were written.</summary>
    Damaged,
}
