using System.Net.Quic;
using System.Runtime.Versioning;
using System.Security.Authentication;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Sockets.Hosting;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Quic;

/// <summary>The library hands out what a client's handshake failed with as if accepting itself had failed.</summary>
[SupportedOSPlatform("linux")]
[SupportedOSPlatform("macos")]
[SupportedOSPlatform("windows")]
public sealed class QuicAcceptTests
{
    private static readonly Exception[] Failures =
    [
        new QuicException(QuicError.ConnectionTimeout, null, "timeout"), new AuthenticationException("alert"),
        new OperationCanceledException("of the handshake"), new ObjectDisposedException("connection"),
    ];

    [Fact]
    public async Task ListenerOutlivesEveryFailureOfAHandshake()
    {
        Matrix.SkipWhenMissing(ListenerKind.Quic);
        using var directory = new TemporaryDirectory();
        var tls = new TlsOptions { Certificate = directory.File("cert.pem"), Key = directory.File("key.pem") };
        using var certificate = TestCertificate.Create("server");
        TestCertificate.WritePem(certificate, tls.Certificate, tls.Key);
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Quic, tls);
        var endpoint = Assert.IsType<QuicEndpoint>(harness.Listener);
        var asked = new TaskCompletionSource();
        var calls = 0;

        var accepting = endpoint.AcceptAsync(async stopping =>
        {
            if (calls < Failures.Length)
            {
                throw Failures[calls++];
            }

            asked.SetResult();
            await new TaskCompletionSource().Task.WaitAsync(stopping);
            throw new InvalidOperationException("It was not stopped.");
        });

        await asked.Task.OrStuck("the listener to go on");
        await endpoint.StopAcceptingAsync();
        await accepting.OrStuck("the listener to stop");
        Assert.Contains(harness.Log.Lines, line => line.EventId == 1150);
    }
}
