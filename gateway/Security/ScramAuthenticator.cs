namespace GrainMQ.Gateway.Security;

/// <summary>Authenticates the users of the password file by SCRAM-SHA-256: the password itself is never sent.</summary>
internal sealed class ScramAuthenticator(PasswordUsers users) : IEnhancedAuthenticator
{
    public string Method => ScramVerifier.Mechanism;

    public IAuthenticationExchange Begin(AuthenticationRequest request) => new ScramExchange(users, ScramExchange.NewNonce());
}
