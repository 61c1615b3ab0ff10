using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// Lets everybody in, or nobody: there is no list of users to compare with. That anonymous access on other than loopback addresses
/// was chosen explicitly is checked at start-up.
/// </summary>
internal sealed class AnonymousAuthenticator(SecurityOptions options) : IAuthenticator
{
    public ValueTask<ReasonCode> AuthenticateAsync(string clientId, string? userName, ReadOnlyMemory<byte> password) =>
        new(options.AllowAnonymous == false ? ReasonCode.NotAuthorized : ReasonCode.Success);
}
