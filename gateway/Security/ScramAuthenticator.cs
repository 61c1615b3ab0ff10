namespace GrainMQ.Gateway.Security;

/// <summary>The Authentication Method SCRAM-SHA-256 for the users of the password file: the password itself is never sent.</summary>
internal sealed class ScramAuthenticator(PasswordUsers users) : IEnhancedAuthenticator
{
    public string Method => ScramVerifier.Mechanism;

    public IAuthenticationExchange Begin(AuthenticationRequest request) => new ScramExchange(users, ScramExchange.NewNonce());
}
