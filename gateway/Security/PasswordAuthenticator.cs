using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// User name and password of CONNECT against the users of the password file. A check costs a processor for a millisecond or more, so only
/// a few run at once: a storm of CONNECTs waits, the traffic of those who are in does not.
/// </summary>
internal sealed class PasswordAuthenticator : IAuthenticator, IDisposable
{
    private readonly PasswordUsers _users;
    private readonly TimeProvider _time;
    private readonly TimeSpan _patience;
    private readonly SemaphoreSlim _turns;

    public PasswordAuthenticator(PasswordUsers users, SecurityOptions options, ConnectionOptions connections, TimeProvider time)
    {
        (_users, _time, _patience) = (users, time, connections.ConnectTimeout);
        _turns = new SemaphoreSlim(options.PasswordChecks > 0 ? options.PasswordChecks : Math.Max(1, Environment.ProcessorCount / 2));
    }

    public async ValueTask<AuthenticationResult> AuthenticateAsync(AuthenticationRequest request)
    {
        if (request.UserName is not { } userName)
        {
            return AuthenticationResult.NotMine;
        }

        if (!await TryTakeTurnAsync().ConfigureAwait(false))
        {
            return AuthenticationResult.Refuse(ReasonCode.ServerBusy);
        }

        try
        {
            var user = _users.Find(userName);
            byte[] password = request.Password ?? [];
            bool matches = await Task.Run(() => user.Verifier.Matches(password) & user.IsKnown).ConfigureAwait(false);
            return matches ? AuthenticationResult.Accept(userName) : AuthenticationResult.Refuse(ReasonCode.BadUserNameOrPassword);
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();

    private async ValueTask<bool> TryTakeTurnAsync()
    {
        if (_turns.Wait(0))
        {
            return true;
        }

        using var timeout = new CancellationTokenSource(_patience, _time);
        try
        {
            await _turns.WaitAsync(timeout.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
