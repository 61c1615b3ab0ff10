using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Holds a client's connection after its handshake.</summary>
/// <param name="UserName">User that the client's certificate names; null if it names none.</param>
public sealed record SecureStream(SslStream Stream, string? UserName);

/// <summary>
/// Does the server side of the TLS handshake: TLS 1.2 or 1.3, a timeout, and a bound on how many run at once. A client waits for its turn
/// only after it has sent its first bytes, so that silent connections cannot take the turns of others.
/// </summary>
public sealed partial class TlsHandshake(
    string listener, ServerTls tls, TlsOptions options, TimeProvider time, ILogger<TlsHandshake> logger)
{
    private readonly SemaphoreSlim _turns = new(options.MaximumHandshakes);

    /// <param name="plain">The connection below; stays open.</param>
    /// <param name="abort">Breaks the connection: the one way to end a wait on it at any point. May come from any thread.</param>
    /// <returns>The encrypted stream and who the client is, or null: the handshake failed, the connection is broken and the cause logged.</returns>
    public async Task<SecureStream?> AuthenticateAsync(Stream plain, EndPoint? client, Action abort, CancellationToken stopping)
    {
        using var timeout = new CancellationTokenSource(options.HandshakeTimeout, time);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, stopping);
        using var onEnded = ended.Token.UnsafeRegister(static abort => ((Action?)abort)?.Invoke(), abort);
        var below = new HandshakeStream(plain);
        var secure = new SslStream(below, leaveInnerStreamOpen: true);
        ServerHandshake? handshake = null;
        try
        {
            _ = await plain.ReadAsync(Memory<byte>.Empty, CancellationToken.None); // reads nothing: waits for the first bytes
            await AuthenticateInTurnAsync(secure, serverName => handshake = tls.Begin(serverName), ended.Token);
            below.Done();
            await Task.Yield(); // the client's messages must not be handled on the threads of the handshake
            return new SecureStream(secure, handshake?.UserName);
        }
        catch (Exception e) // SslStream throws what it meets by the bytes of the client, which are none of its documented exceptions alone
        {
            LogFailed(
                logger, listener, client,
                timeout.IsCancellationRequested ? $"not finished within {options.HandshakeTimeout}" : handshake?.Refusal ?? Cause(e, handshake));
            abort();
            await secure.DisposeAsync();
            return null;
        }
    }

    private async Task AuthenticateInTurnAsync(SslStream secure, Func<string, ServerHandshake> begin, CancellationToken ended)
    {
        await _turns.WaitAsync(ended);
        try
        {
            await HandshakeThreads.HopAsync();
            await secure.AuthenticateAsServerAsync((_, hello, _, _) => new(begin(hello.ServerName).Options), null, ended);
        }
        finally
        {
            _turns.Release();
        }
    }

    private static string Cause(Exception e, ServerHandshake? begun) => e switch
    {
        IOException or AuthenticationException or OperationCanceledException or ObjectDisposedException => Cause(e),
        _ when begun is null => "the client did not begin with a ClientHello",
        _ => $"{e.GetType().Name}: {Cause(e)}",
    };

    // The innermost message is OpenSSL's or SChannel's own, which says what the client did.
    private static string Cause(Exception e) => e.InnerException is { } inner ? $"{e.Message} {Cause(inner)}" : e.Message;
}
