namespace GrainMQ.Gateway.Routing;

/// <summary>
/// A session as routing sees it: enough to leave out the publisher's own messages and to choose a member of a share group. Asked on the
/// publisher's path, hence every property answers at once and without a lock.
/// </summary>
internal interface ISubscriber
{
    /// <summary>The client's session: this one, unless it is the part of a data stream.</summary>
    ISubscriber Main { get; }

    /// <summary>Hash of the Client Identifier, uniform over 64 bits; the same for every session of the client.</summary>
    ulong ClientHash { get; }

    /// <summary>Connected, and with room for one more message.</summary>
    bool CanTakeNow { get; }

    /// <summary>Connected, with or without room.</summary>
    bool IsConnected { get; }

    /// <summary>Over: it keeps no message any more.</summary>
    bool HasEnded { get; }
}
