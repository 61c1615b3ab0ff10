using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// Puts TLS below Kestrel's HTTP, by the same <see cref="TlsHandshake"/> as plain TLS listeners: one timeout, one bound, one log line, one
/// way to reload a certificate.
/// </summary>
internal sealed class TlsMiddleware(TlsHandshake handshake, CancellationToken stopping)
{
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var plain = connection.Transport;
        var stream = new DuplexPipeStream(plain);
        if (await handshake.AuthenticateAsync(stream, connection.RemoteEndPoint, connection.Abort, stopping) is not { } authenticated)
        {
            return;
        }

        await using var secure = authenticated.Stream;
        var encrypted = new EncryptedPipe(secure, connection.Abort);
        connection.Transport = encrypted;
        connection.Features.Set<ITlsConnectionFeature>(new TlsClient(authenticated.UserName)); // makes the scheme https
        try
        {
            await next(connection);
        }
        finally
        {
            await encrypted.CompleteAsync();
            await ShutdownAsync(secure);
            connection.Transport = plain;
        }
    }

    private static async Task ShutdownAsync(SslStream secure)
    {
        try
        {
            await secure.ShutdownAsync();
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or InvalidOperationException)
        {
            // expected: the connection is gone already
        }
    }

    private sealed class EncryptedPipe : IDuplexPipe
    {
        private readonly EncryptedOutput _output;

        public EncryptedPipe(SslStream secure, Action abort)
        {
            _output = new EncryptedOutput(secure, abort);
            Input = PipeReader.Create(secure, new(leaveOpen: true, useZeroByteReads: true));
            Output = PipeWriter.Create(_output, new(leaveOpen: true));
        }

        public PipeReader Input { get; }

        public PipeWriter Output { get; }

        public async Task CompleteAsync()
        {
            await _output.EndAsync();
            await Input.CompleteAsync();
            await Output.CompleteAsync();
        }
    }

    /// <summary>Keeps the user of the certificate, which was checked in the handshake; Kestrel is not asked for the certificate.</summary>
    public sealed class TlsClient(string? userName) : ITlsConnectionFeature
    {
        public string? UserName => userName;

        public X509Certificate2? ClientCertificate { get; set; }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
    }
}
