using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Transports;
using GrainMQ.Silo.Hosting;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

public sealed class TlsListenerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TlsOptions _tls;

    public TlsListenerTests()
    {
        _tls = new() { Certificate = _directory.File("cert.pem"), Key = _directory.File("key.pem") };
        WriteCertificate("first");
    }

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task BytesGoBothWays(SslProtocols protocol)
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);
        await using var client = await ConnectAsync(harness, protocol);
        var sent = Random.Shared.GetItems("abcdefgh"u8, 300_000);

        var sending = client.WriteAsync(sent);
        var received = await ReadAsync(client, sent.Length);
        await sending;

        Assert.Equal(sent, received);
        Assert.Equal(TransportKind.Tls, (await harness.Handler.First.Task).Kind);
        Assert.Equal(protocol, client.SslProtocol);
    }

    [Fact]
    public async Task OldProtocolsAreRefused()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);

#pragma warning disable SYSLIB0039 // the point of the test
        await Assert.ThrowsAnyAsync<Exception>(() => ConnectAsync(harness, SslProtocols.Tls11));
#pragma warning restore SYSLIB0039

        Assert.Empty(harness.Handler.Accepted);
    }

    [Fact]
    public async Task CloseSendsTheLastBytesAndCloseNotify()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);
        await using var client = await ConnectAsync(harness);

        await client.WriteAsync("!"u8.ToArray());

        Assert.Equal(EchoHandler.LastWord, await ReadAsync(client, EchoHandler.LastWord.Length));
        Assert.Equal(0, await client.ReadAsync(new byte[1])); // an end without close_notify would throw
    }

    [Fact]
    public async Task CloseWhileAReadIsPendingEndsBoth()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);
        await using var client = await ConnectAsync(harness);
        var transport = await harness.Handler.First.Task;

        var closing = transport.CloseAsync(TransportCloseStatus.Normal);
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
        await client.DisposeAsync();

        await closing;
        await harness.Handler.FirstEnd.Task.OrStuck("the pending read");
    }

    [Fact]
    public async Task CloseDoesNotWaitLongForAClientThatDoesNotClose()
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls, time);
        await using var client = await ConnectAsync(harness);
        var transport = await harness.Handler.First.Task;

        var closing = transport.CloseAsync(TransportCloseStatus.Normal).AsTask();
        Assert.Equal(0, await client.ReadAsync(new byte[1]));
        while (!closing.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        await harness.Handler.FirstEnd.Task.OrStuck("the pending read");
    }

    [Fact]
    public async Task AbortFromElsewhereFailsThePendingRead()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);
        await using var client = await ConnectAsync(harness);

        (await harness.Handler.First.Task).Abort();

        Assert.IsAssignableFrom<IOException>(await harness.Handler.FirstEnd.Task);
    }

    [Fact]
    public async Task PlainTextIsRefusedWithOneLine()
    {
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);
        using var client = await SocketListenerTests.ConnectAsync(harness);

        await client.SendAsync("GET / HTTP/1.1\r\n\r\n"u8.ToArray());
        await EndAsync(client);

        var line = Assert.Single(harness.Log.Lines, line => line.EventId == 1110);
        Assert.Contains(client.LocalEndPoint?.ToString() ?? "?", line.Message);
        Assert.Empty(harness.Handler.Accepted);
    }

    [Fact]
    public async Task SilentClientsAreClosedAndDoNotTakeTheTurnOfOthers()
    {
        var time = new ManualTimeProvider();
        _tls.MaximumHandshakes = 1;
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls, time);
        var armed = time.ArmedTimers;
        using var silent = await SocketListenerTests.ConnectAsync(harness);
        while (time.ArmedTimers == armed)
        {
            await Task.Yield();
        }

        await using var other = await ConnectAsync(harness);
        await other.WriteAsync("hello"u8.ToArray());
        Assert.Equal("hello"u8.ToArray(), await ReadAsync(other, 5));

        time.Advance(_tls.HandshakeTimeout);
        await EndAsync(silent);
        await Stuck.UntilAsync(
            () => harness.Log.Lines.Any(line => line.EventId == 1110 && line.Message.Contains("not finished within 00:00:10")),
            "the line of the timeout");
    }

    [Fact]
    public async Task ChangedCertificateIsFoundByPollingAndServesNewConnectionsOnly()
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls, time);
        await using var before = await ConnectAsync(harness);
        Assert.Equal("CN=first", before.RemoteCertificate?.Subject);
        await harness.Handler.First.Task; // the server's side of the handshake has ended too, before its time does

        WriteCertificate("second");
        time.Advance(TimeSpan.FromSeconds(10));

        await using var after = await ConnectAsync(harness);
        Assert.Equal("CN=second", after.RemoteCertificate?.Subject);
        await before.WriteAsync("go on"u8.ToArray());
        Assert.Equal("go on"u8.ToArray(), await ReadAsync(before, 5));
        Assert.Single(harness.Log.Lines, line => line.EventId == 1121);
    }

    [Fact]
    public async Task ChangedCertificateIsFoundByTheWatcherBeforeTheNextPoll()
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls, time);

        WriteCertificate("second");

        // Less than the poll's 10 seconds in all; each handshake gives the watcher real time to report.
        for (var step = 0; step < 900; step++)
        {
            await using var client = await ConnectAsync(harness);
            if (client.RemoteCertificate?.Subject == "CN=second")
            {
                return;
            }

            time.Advance(TimeSpan.FromMilliseconds(10));
        }
        Assert.Fail("The watcher did not report the change.");
    }

    [Fact]
    public async Task SwappedSymlinkIsFound()
    {
        // As Kubernetes mounts secrets: file -> data/file, data -> version
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        foreach (var version in (string[])["v1", "v2"])
        {
            Directory.CreateDirectory(_directory.File(version));
            using var certificate = TestCertificate.Create(version);
            TestCertificate.WritePem(certificate, _directory.File($"{version}/tls.crt"), _directory.File($"{version}/tls.key"));
        }
        Directory.CreateSymbolicLink(_directory.File("data"), "v1");
        File.CreateSymbolicLink(_directory.File("tls.crt"), "data/tls.crt");
        File.CreateSymbolicLink(_directory.File("tls.key"), "data/tls.key");
        var tls = new TlsOptions { Certificate = _directory.File("tls.crt"), Key = _directory.File("tls.key") };
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, tls, time);

        Directory.Delete(_directory.File("data"));
        Directory.CreateSymbolicLink(_directory.File("data"), "v2");
        time.Advance(TimeSpan.FromSeconds(10));

        await using var client = await ConnectAsync(harness);
        Assert.Equal("CN=v2", client.RemoteCertificate?.Subject);
    }

    [Fact]
    public async Task MountedSecretIsNoticedBeforeThePoll()
    {
        // Kubernetes: file -> ..data/file, ..data -> version, replaced by a rename
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        foreach (var version in (string[])["..v1", "..v2"])
        {
            Directory.CreateDirectory(_directory.File(version));
            using var certificate = TestCertificate.Create(version.TrimStart('.'));
            TestCertificate.WritePem(certificate, _directory.File($"{version}/tls.crt"), _directory.File($"{version}/tls.key"));
        }
        Directory.CreateSymbolicLink(_directory.File("..data"), "..v1");
        File.CreateSymbolicLink(_directory.File("tls.crt"), "..data/tls.crt");
        File.CreateSymbolicLink(_directory.File("tls.key"), "..data/tls.key");
        var tls = new TlsOptions { Certificate = _directory.File("tls.crt"), Key = _directory.File("tls.key") };
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, tls, time);

        Directory.CreateSymbolicLink(_directory.File("..data_tmp"), "..v2");
        Rename(_directory.File("..data_tmp"), _directory.File("..data"));
        var start = time.GetTimestamp();
        await Stuck.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(1)); // the watcher's report starts a timer of 500 ms, and the poll is at 10 s
                return harness.Log.Lines.Any(line => line.EventId == 1121);
            },
            "the certificate to be read again");

        Assert.InRange(time.GetElapsedTime(start), TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(9.9));
        await using var client = await ConnectAsync(harness);
        Assert.Equal("CN=v2", client.RemoteCertificate?.Subject);

        [System.Runtime.InteropServices.DllImport("libc", EntryPoint = "rename")]
        static extern int RenameLink(string from, string to);

        static void Rename(string from, string to) => Assert.Equal(0, RenameLink(from, to)); // File.Move would follow the link
    }

    [Fact]
    public async Task BrokenNewCertificateKeepsTheOldOneAndIsToldOnce()
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls, time);

        await File.WriteAllTextAsync(_tls.Certificate!, "not a certificate"); // set in the constructor
        time.Advance(TimeSpan.FromSeconds(10));
        time.Advance(TimeSpan.FromSeconds(10));

        await using var client = await ConnectAsync(harness);
        Assert.Equal("CN=first", client.RemoteCertificate?.Subject);
        var line = Assert.Single(harness.Log.Lines, line => line.EventId == 1122);
        Assert.Contains(_tls.Certificate!, line.Message);
    }

    [Fact]
    public async Task PfxWithPasswordIsRead()
    {
        using var certificate = TestCertificate.Create("pfx");
        await File.WriteAllBytesAsync(_directory.File("cert.pfx"), certificate.Export(X509ContentType.Pfx, "secret"));
        await using var harness = await ListenerHarness.StartAsync(
            ListenerKind.Tls, new() { Certificate = _directory.File("cert.pfx"), Password = "secret" });

        await using var client = await ConnectAsync(harness);

        Assert.Equal("CN=pfx", client.RemoteCertificate?.Subject);
    }

    [Theory]
    [InlineData("missing.pem", "key.pem", "missing.pem' does not exist")]
    [InlineData("cert.pem", "missing.pem", "missing.pem' does not exist")]
    [InlineData("cert.pem", null, "cannot be used")]
    [InlineData("cert.pem", "other.pem", "cannot be used")]
    [InlineData("cert.pfx", null, "Tls:Password must fit")]
    [InlineData("empty.pem", "key.pem", "cannot be used")]
    public async Task UnusableCertificateIsAStartUpError(string certificate, string? key, string cause)
    {
        using var other = TestCertificate.Create("other");
        TestCertificate.WritePem(other, _directory.File("ignored.pem"), _directory.File("other.pem"));
        await File.WriteAllBytesAsync(_directory.File("cert.pfx"), other.Export(X509ContentType.Pfx, "secret"));
        await File.WriteAllTextAsync(_directory.File("empty.pem"), "");

        var error = await Assert.ThrowsAsync<StartupException>(() => ListenerHarness.StartAsync(
            ListenerKind.Tls, new() { Certificate = _directory.File(certificate), Key = key is null ? null : _directory.File(key) }));

        Assert.Contains(cause, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    [Fact]
    public async Task MissingCertificateOptionIsAStartUpError()
    {
        var error = await Assert.ThrowsAsync<StartupException>(() => ListenerHarness.StartAsync(ListenerKind.Tls));

        Assert.Contains("--cert FILE", error.Message);
    }

    internal static async Task<SslStream> ConnectAsync(ListenerHarness harness, SslProtocols protocols = SslProtocols.None)
    {
        var socket = await SocketListenerTests.ConnectAsync(harness);
        var stream = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await stream.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = "localhost",
                EnabledSslProtocols = protocols,
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
            });
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static async Task<byte[]> ReadAsync(SslStream client, int count)
    {
        var bytes = new byte[count];
        await client.ReadExactlyAsync(bytes);
        return bytes;
    }

    // Whatever the server still says (an alert), then its end: FIN or RST.
    private static async Task EndAsync(Socket client)
    {
        try
        {
            while (await client.ReceiveAsync(new byte[256]) > 0)
            {
            }
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
        }
    }

    private void WriteCertificate(string name)
    {
        using var certificate = TestCertificate.Create(name);
        TestCertificate.WritePem(certificate, _directory.File("cert.pem"), _directory.File("key.pem"));
    }
}
