using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// Holds the authenticators in the order in which they are asked, and the Authentication Methods that clients may name. A client that no
/// authenticator claims is anonymous, and is accepted when <see cref="SecurityOptions.AllowAnonymous"/> says so.
/// </summary>
internal sealed class Authenticators(
    IEnumerable<IAuthenticator> chain, IEnumerable<IEnhancedAuthenticator> methods, SecurityOptions options)
{
    private readonly IAuthenticator[] _chain = [.. chain];
    private readonly Dictionary<string, IEnhancedAuthenticator> _methods = methods.ToDictionary(method => method.Method, StringComparer.Ordinal);

    /// <summary>Decides about a CONNECT without Authentication Method.</summary>
    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request)
    {
        foreach (var authenticator in _chain)
        {
            var result = await authenticator.AuthenticateAsync(request).ConfigureAwait(false);
            if (result.IsDecided)
            {
                return result;
            }
        }

        return options.IsAnonymousAllowed ? AuthenticationResult.Accept(null)
            : AuthenticationResult.Refuse(request.HasCredentials ? ReasonCode.BadUserNameOrPassword : ReasonCode.NotAuthorized);
    }

    /// <summary>Null when the method is not supported. [MQTT-4.12.0-1]</summary>
    public IAuthenticationExchange? Begin(string method, AuthenticationRequest request) =>
        _methods.TryGetValue(method, out var authenticator) ? authenticator.Begin(request) : null;
}
