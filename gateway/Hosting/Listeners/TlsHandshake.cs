using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>
/// The server side of the TLS handshake: TLS 1.2 or 1.3, a timeout, and a bound on how many run at once. A client waits for its turn
/// only after it has sent its first bytes, so that silent connections cannot take the turns of others.
/// </summary>
public sealed partial class TlsHandshake(
    string listener, ServerCertificate certificate, TlsOptions options, TimeProvider time, ILogger<TlsHandshake> logger)
{
    private readonly SemaphoreSlim _turns = new(options.MaximumHandshakes);
    private readonly LogLimiter _limiter = new(time, TimeSpan.FromSeconds(1));

    /// <param name="plain">The connection below; stays open.</param>
    /// <param name="abort">Breaks the connection: the one way to end a wait on it at any point. May come from any thread.</param>
    /// <returns>The encrypted stream, or null: the handshake failed, the connection is broken and the cause logged.</returns>
    public async Task<SslStream?> AuthenticateAsync(Stream plain, EndPoint? client, Action abort, CancellationToken stopping)
    {
        using var timeout = new CancellationTokenSource(options.HandshakeTimeout, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        using var onEnded = ended.Token.UnsafeRegister(static abort => ((Action?)abort)?.Invoke(), abort);
        var secure = new SslStream(plain, leaveInnerStreamOpen: true);
        try
        {
            _ = await plain.ReadAsync(Memory<byte>.Empty, CancellationToken.None); // reads nothing: waits for the first bytes
            await AuthenticateInTurnAsync(secure, ended.Token);
            return secure;
        }
        catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            LogFailure(client, timeout.IsCancellationRequested ? $"not finished within {options.HandshakeTimeout}" : Cause(e));
            abort();
            await secure.DisposeAsync();
            return null;
        }
    }

    private async Task AuthenticateInTurnAsync(SslStream secure, CancellationToken ended)
    {
        await _turns.WaitAsync(ended);
        try
        {
            // The certificate of this moment: a reload is for handshakes that begin after it.
            await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Context,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                AllowRenegotiation = false,
            }, ended);
        }
        finally
        {
            _turns.Release();
        }
    }

    // The innermost message is OpenSSL's or SChannel's own, which says what the client did.
    private static string Cause(Exception e) => e.InnerException is { } inner ? $"{e.Message} {Cause(inner)}" : e.Message;

    private void LogFailure(EndPoint? client, string cause)
    {
        if (_limiter.TryTake(out var suppressed))
            LogFailed(logger, listener, client, cause, suppressed);
    }
}
