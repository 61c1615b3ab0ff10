namespace GrainMQ.Gateway.Routing;

/// <summary>A member of a <see cref="ShareGroup{TMember}"/>. Asked on the publisher's path: answers at once and without a lock.</summary>
public interface IShareMember
{
    /// <summary>Connected, and with room for one more message: only then a message is handed to it.</summary>
    bool IsAvailable { get; }

    /// <summary>Connected, with or without room.</summary>
    bool IsConnected => true;

    /// <summary>Its session keeps messages while it is not available.</summary>
    bool CanQueue => true;
}
