using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Security;

/// <summary>Decides whether a client may connect. Fails closed.</summary>
internal interface IAuthenticator
{
    /// <returns>Success, or the reason for CONNACK.</returns>
    ValueTask<ReasonCode> AuthenticateAsync(string clientId, string? userName, ReadOnlyMemory<byte> password);
}
