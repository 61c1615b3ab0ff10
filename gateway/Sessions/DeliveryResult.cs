namespace GrainMQ.Gateway.Sessions;

/// <summary>What became of a message that was given to a session.</summary>
internal enum DeliveryResult : byte
{
    Queued,
    Dropped,

    /// <summary>The queue is full, and the options say that a client so slow is disconnected.</summary>
    Overflow,

    /// <summary>The session of the data stream's client has to take it.</summary>
    Folded,
}
