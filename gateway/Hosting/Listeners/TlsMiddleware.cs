using System.IO.Pipelines;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http.Features;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>
/// TLS below Kestrel's HTTP, by the same <see cref="TlsHandshake"/> as plain TLS listeners: one timeout, one bound, one log line, one
/// way to reload a certificate.
/// </summary>
internal sealed class TlsMiddleware(TlsHandshake handshake, CancellationToken stopping)
{
    public async Task OnConnectionAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var plain = connection.Transport;
        var stream = new DuplexPipeStream(plain);
        await using var secure = await handshake.AuthenticateAsync(stream, connection.RemoteEndPoint, connection.Abort, stopping);
        if (secure is null)
            return;

        var encrypted = new EncryptedPipe(secure, connection.Abort);
        connection.Transport = encrypted;
        connection.Features.Set<ITlsConnectionFeature>(new TlsConnection()); // makes the scheme https
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

    // No client certificates: the feature only says that there is TLS.
    private sealed class TlsConnection : ITlsConnectionFeature
    {
        public X509Certificate2? ClientCertificate { get; set; }

        public Task<X509Certificate2?> GetClientCertificateAsync(CancellationToken cancellationToken) => Task.FromResult(ClientCertificate);
    }
}
