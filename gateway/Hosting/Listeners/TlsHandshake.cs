using System.Net.Security;
using System.Security.Authentication;
using GrainMQ.Gateway.Transports;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>
/// The server side of the TLS handshake: TLS 1.2 or 1.3, a timeout, and a bound on how many run at once. A client waits for its turn
/// only after it has sent its first bytes, so that silent connections cannot take the turns of others.
/// </summary>
public sealed partial class TlsHandshake(ServerCertificate certificate, TlsOptions options, TimeProvider time, ILogger<TlsHandshake> logger)
{
    private readonly SemaphoreSlim _turns = new(options.MaximumHandshakes);
    private readonly LogLimiter _limiter = new(time, TimeSpan.FromSeconds(1));

    /// <summary>The settings of one handshake with the certificate of this moment.</summary>
    public static SslServerAuthenticationOptions ServerOptions(ServerCertificate certificate) => new()
    {
        ServerCertificateContext = certificate.Context,
        EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
        AllowRenegotiation = false,
    };

    /// <summary>Owns <paramref name="transport"/> from the call on.</summary>
    /// <returns>The encrypted transport, or null: the handshake failed, the connection is closed and the cause logged.</returns>
    public async Task<TlsTransport?> AuthenticateAsync(SocketTransport transport, CancellationToken stopping)
    {
        using var timeout = new CancellationTokenSource(options.HandshakeTimeout, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        // Aborting is the one way to end a wait on the socket at any point.
        using var abort = ended.Token.UnsafeRegister(static transport => ((SocketTransport?)transport)?.Abort(), transport);
        var stream = new SslStream(transport.Stream, leaveInnerStreamOpen: true);
        var secure = new TlsTransport(transport, stream, time);
        try
        {
            await transport.ReadAsync(Memory<byte>.Empty);
            await AuthenticateInTurnAsync(stream, ended.Token);
            return secure;
        }
        catch (Exception e) when (e is IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException)
        {
            LogFailure(transport, timeout.IsCancellationRequested ? $"not finished within {options.HandshakeTimeout}" : Cause(e));
            await secure.DisposeAsync();
            return null;
        }
    }

    private async Task AuthenticateInTurnAsync(SslStream stream, CancellationToken ended)
    {
        await _turns.WaitAsync(ended);
        try
        {
            await stream.AuthenticateAsServerAsync(ServerOptions(certificate), ended);
        }
        finally
        {
            _turns.Release();
        }
    }

    // The innermost message is OpenSSL's or SChannel's own, which says what the client did.
    private static string Cause(Exception e) => e.InnerException is { } inner ? $"{e.Message} {Cause(inner)}" : e.Message;

    private void LogFailure(SocketTransport transport, string cause)
    {
        if (_limiter.TryTake(out var suppressed))
            LogFailed(logger, transport.Listener, transport.RemoteEndPoint, cause, suppressed);
    }
}
