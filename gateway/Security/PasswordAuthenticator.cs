using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Security;

/// <summary>Checks user name and password of CONNECT, in every version, against the users of the password file.</summary>
internal sealed class PasswordAuthenticator(PasswordUsers users, PasswordChecks checks) : IAuthenticator
{
    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request)
    {
        if (request.UserName is not { } userName)
        {
            return AuthenticationResult.NotMine;
        }

        var user = users.Find(userName);
        var password = request.Password ?? [];
        return await checks.RunAsync(() => user.Verifier.Matches(password) & user.IsKnown).ConfigureAwait(false) switch
        {
            true => AuthenticationResult.Accept(userName),
            false => AuthenticationResult.Refuse(ReasonCode.BadUserNameOrPassword),
            null => AuthenticationResult.Refuse(ReasonCode.ServerBusy),
        };
    }
}
