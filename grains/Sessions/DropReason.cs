namespace GrainMQ.Grains.Sessions;

/// <summary>Why a message reached nobody.</summary>
internal enum DropReason
{
    /// <summary>The session's queue was full; the oldest message that had not begun went.</summary>
    QueueFull,

    /// <summary>Its Message Expiry Interval passed while it waited.</summary>
    Expired,

    /// <summary>The session had just been attached, and the message was QoS 0.</summary>
    Attached,

    /// <summary>The session had ended.</summary>
    NoSession,

    /// <summary>Its bytes in the log are not those that were written.</summary>
    Damaged,
}
