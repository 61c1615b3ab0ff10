namespace GrainMQ.Grains.Contracts;

/// <summary>How a call to a shard ended.</summary>
public enum SessionResult : byte
{
    /// <summary>Done, and committed where the call commits.</summary>
    Ok,

    /// <summary>A higher epoch owns the session, or a newer incarnation of the gateway has called: the caller closes its connection.</summary>
    Fenced,

    /// <summary>The shard has no such session.</summary>
    NotFound,

    /// <summary>The shard is moving or met a fault, and the call may have been carried out: repeat it.</summary>
    Busy,

    /// <summary>A configured limit is reached: nothing was changed.</summary>
    Quota,

    /// <summary>The disk has no room: nothing was stored. It may have room later.</summary>
    Full,
}
