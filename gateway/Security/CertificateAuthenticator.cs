namespace GrainMQ.Gateway.Security;

/// <summary>
/// Accepts clients whose certificate names the user (<c>Tls:ClientUserName</c>): the TLS handshake has proved it, so no password is asked for.
/// First in the chain.
/// </summary>
internal sealed class CertificateAuthenticator : IAuthenticator
{
    public ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request) =>
        new(request.IsCertified ? AuthenticationResult.Accept(request.UserName) : AuthenticationResult.NotMine);
}
