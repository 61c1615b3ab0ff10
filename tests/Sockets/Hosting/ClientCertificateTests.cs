using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Silo.Hosting;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>Clients that show who they are by a certificate, on real handshakes of both versions of TLS.</summary>
public sealed class ClientCertificateTests : IDisposable
{
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(10);

    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTimeProvider _time = new(TimeProvider.System.GetUtcNow());
    private readonly TestAuthority _authority = new("authority");
    private readonly TlsOptions _tls;

    public ClientCertificateTests()
    {
        _tls = new()
        {
            Certificate = _directory.File("cert.pem"),
            Key = _directory.File("key.pem"),
            ClientCertificates = ClientCertificateMode.Require,
            ClientCa = _directory.File("ca.pem"),
        };
        using var server = TestCertificate.Create("server");
        TestCertificate.WritePem(server, _tls.Certificate, _tls.Key);
        File.WriteAllText(_tls.ClientCa, _authority.Certificate.ExportCertificatePem());
    }

    public static TheoryData<ListenerKind, SslProtocols> Handshakes => new(
        from kind in (ListenerKind[])[ListenerKind.Tls, ListenerKind.Wss]
        from version in (SslProtocols[])[SslProtocols.Tls12, SslProtocols.Tls13]
        select (kind, version));

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task CertificateOfTheAuthorityIsAccepted(SslProtocols version)
    {
        using var certificate = _authority.Issue("CN=sensor");
        await using var harness = await StartAsync();

        Assert.Null(await UserNameAsync(harness, new() { Certificate = certificate, Protocols = version })); // not asked for
    }

    [Theory]
    [InlineData(CertificateUserName.CommonName, "sensor 7")]
    [InlineData(CertificateUserName.SubjectAlternativeName, "seven.sensors.test")]
    public async Task NameInTheCertificateBecomesTheUserName(CertificateUserName setting, string expected)
    {
        _tls.ClientUserName = setting;
        using var certificate = _authority.Issue("CN=sensor 7,O=plant", names: names =>
        {
            names.AddEmailAddress("seven@sensors.test");
            names.AddDnsName("seven.sensors.test");
        });
        await using var harness = await StartAsync();

        Assert.Equal(expected, await UserNameAsync(harness, new() { Certificate = certificate }));
    }

    [Fact]
    public async Task UserNameReachesTheHandlerThroughWebSocketsToo()
    {
        _tls.ClientUserName = CertificateUserName.CommonName;
        using var certificate = _authority.Issue("CN=sensor 7");
        await using var harness = await StartAsync(ListenerKind.Wss);

        await using var stream = await new SecureClient { Certificate = certificate }.ConnectAsync(harness.Listener.EndPoint);
        await stream.WriteAsync(
            "GET /mqtt HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"u8.ToArray());
        await stream.WriteAsync("Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"u8.ToArray());

        Assert.Equal("sensor 7", (await harness.Handler.First.Task.OrStuck("the WebSocket")).UserName);
    }

    [Fact]
    public async Task CertificateWithoutTheNameIsRefused()
    {
        _tls.ClientUserName = CertificateUserName.SubjectAlternativeName;
        using var certificate = _authority.Issue("CN=sensor");
        await using var harness = await StartAsync();

        await RefusedAsync(harness, new() { Certificate = certificate }, "it has no SubjectAlternativeName that could be the username");
    }

    [Theory, MemberData(nameof(Handshakes))]
    public async Task ClientWithoutACertificateIsRefusedWhenOneIsRequired(ListenerKind kind, SslProtocols version)
    {
        await using var harness = await StartAsync(kind);

        await RefusedAsync(harness, new() { Protocols = version }, "the client sent no certificate");
    }

    [Fact]
    public async Task ClientWithoutACertificateIsServedWhenOneIsRequested()
    {
        _tls.ClientCertificates = ClientCertificateMode.Request;
        _tls.ClientUserName = CertificateUserName.CommonName;
        await using var harness = await StartAsync();

        Assert.Null(await UserNameAsync(harness, new()));
    }

    [Fact]
    public async Task BadCertificateIsRefusedAlsoWhenOneIsOnlyRequested()
    {
        _tls.ClientCertificates = ClientCertificateMode.Request;
        using var stranger = new TestAuthority("stranger");
        using var certificate = stranger.Issue("CN=sensor");
        await using var harness = await StartAsync();

        await RefusedAsync(harness, new() { Certificate = certificate }, "'CN=sensor' is refused: its issuer is not in Tls:ClientCa");
    }

    [Fact]
    public async Task NamesakeOfTheAuthorityIsAStranger()
    {
        using var namesake = new TestAuthority("authority");
        using var certificate = namesake.Issue("CN=sensor");
        await using var harness = await StartAsync();

        await RefusedAsync(harness, new() { Certificate = certificate }, "is refused: ");
    }

    [Fact]
    public async Task SelfSignedCertificateIsRefused()
    {
        using var certificate = TestCertificate.Create("sensor");
        await using var harness = await StartAsync();

        await RefusedAsync(harness, new() { Certificate = certificate }, "its issuer is not in Tls:ClientCa");
    }

    [Fact]
    public async Task ExpiredCertificateIsRefused()
    {
        using var certificate = _authority.Issue("CN=sensor", until: DateTimeOffset.UtcNow.AddDays(-1));
        await using var harness = await StartAsync();

        await RefusedAsync(harness, new() { Certificate = certificate }, "it has expired or is not valid yet");
    }

    [Fact]
    public async Task CertificateOfAServerIsRefused()
    {
        using var certificate = _authority.Issue("CN=sensor", TestAuthority.ForServers);
        await using var harness = await StartAsync();

        await RefusedAsync(harness, new() { Certificate = certificate }, "it is not for clients");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task IntermediateAuthorityComesFromTheClientOrTheFile(bool fromClient)
    {
        using var root = new TestAuthority("root", rsa: true);
        using var intermediate = new TestAuthority("intermediate", root);
        using var certificate = intermediate.Issue("CN=sensor");
        var bundle = root.Certificate.ExportCertificatePem();
        File.WriteAllText(_tls.ClientCa!, fromClient ? bundle : $"{intermediate.Certificate.ExportCertificatePem()}\n{bundle}"); // set above
        await using var harness = await StartAsync();

        await UserNameAsync(harness, new() { Certificate = certificate, Chain = fromClient ? [intermediate.Certificate] : null });
    }

    [Fact]
    public async Task IntermediateAuthorityAloneIsNoRootOfTrust()
    {
        using var root = new TestAuthority("root");
        using var intermediate = new TestAuthority("intermediate", root);
        using var certificate = intermediate.Issue("CN=sensor");
        File.WriteAllText(_tls.ClientCa!, intermediate.Certificate.ExportCertificatePem()); // set above
        await using var harness = await StartAsync();

        await RefusedAsync(harness, new() { Certificate = certificate, Chain = [root.Certificate] }, "its issuer is not in Tls:ClientCa");
    }

    [Theory, MemberData(nameof(Handshakes))]
    public async Task RevokedCertificateIsRefusedWithTheReason(ListenerKind kind, SslProtocols version)
    {
        using var good = _authority.Issue("CN=good");
        using var bad = _authority.Issue("CN=bad");
        _authority.Revoke(bad);
        WriteList(_authority.RevocationListPem());
        await using var harness = await StartAsync(kind);

        await ConnectAsync(harness, new() { Certificate = good, Protocols = version });
        await RefusedAsync(harness, new() { Certificate = bad, Protocols = version }, $"certificate {bad.SerialNumber} was revoked at", "(keyCompromise)");
    }

    [Theory]
    [InlineData(SslProtocols.Tls12)]
    [InlineData(SslProtocols.Tls13)]
    public async Task ResumedSessionIsCheckedToo(SslProtocols version)
    {
        using var certificate = _authority.Issue("CN=sensor");
        WriteList(_authority.RevocationListPem());
        await using var harness = await StartAsync();
        var client = new SecureClient { Certificate = certificate, Protocols = version };
        for (var i = 1; i <= 3; i++)
        {
            await EchoAsync(await client.ConnectAsync(harness.Listener.EndPoint)); // the client now has tickets to resume with
        }

        _authority.Revoke(certificate);
        WriteList(_authority.RevocationListPem());
        await ReloadAsync(harness);

        await RefusedAsync(harness, client, "was revoked");
    }

    [Fact]
    public async Task ListIsReadAgainAndConnectionsGoOn()
    {
        using var certificate = _authority.Issue("CN=sensor");
        WriteList(_authority.RevocationListPem());
        await using var harness = await StartAsync();
        await using var before = await new SecureClient { Certificate = certificate }.ConnectAsync(harness.Listener.EndPoint);
        await EchoAsync(before);

        _authority.Revoke(certificate);
        WriteList(_authority.RevocationListPem());
        await ReloadAsync(harness);

        await RefusedAsync(harness, new() { Certificate = certificate }, "was revoked");
        await EchoAsync(before);
        Assert.Contains("1, 1 certificates revoked", Assert.Single(harness.Log.Lines, line => line.EventId == 1126).Message);
    }

    [Fact]
    public async Task AuthoritiesAreReadAgain()
    {
        using var next = new TestAuthority("next");
        using var old = _authority.Issue("CN=old");
        using var young = next.Issue("CN=young");
        await using var harness = await StartAsync();
        await RefusedAsync(harness, new() { Certificate = young }, "its issuer is not in Tls:ClientCa");

        File.WriteAllText(_tls.ClientCa!, next.Certificate.ExportCertificatePem()); // set above
        await ReloadAsync(harness);

        await ConnectAsync(harness, new() { Certificate = young });
        await RefusedAsync(harness, new() { Certificate = old }, "its issuer is not in Tls:ClientCa");
    }

    [Fact]
    public async Task BrokenNewFileKeepsTheOldOneAndIsToldOnce()
    {
        using var certificate = _authority.Issue("CN=sensor");
        _authority.Revoke(certificate);
        WriteList(_authority.RevocationListPem());
        await using var harness = await StartAsync();

        WriteList("not a list");
        await ReloadAsync(harness, 1127);
        _time.Advance(Poll);

        await RefusedAsync(harness, new() { Certificate = certificate }, "was revoked");
        Assert.Contains("crl.pem", Assert.Single(harness.Log.Lines, line => line.EventId == 1127).Message);
    }

    [Fact]
    public async Task ExpiredListRefusesItsClients()
    {
        using var certificate = _authority.Issue("CN=sensor");
        WriteList(_authority.RevocationListPem(_time.GetUtcNow().AddHours(1)));
        await using var harness = await StartAsync();
        await ConnectAsync(harness, new() { Certificate = certificate });
        await Stuck.UntilAsync(() => harness.Handler.Ended.Count == 1, "the end of the first connection");
        Assert.DoesNotContain(harness.Log.Lines, line => line.EventId == 1128);

        _time.Advance(TimeSpan.FromHours(2));

        await RefusedAsync(harness, new() { Certificate = certificate }, "the revocation list of 'CN=authority' in Tls:ClientCrl expired at");
    }

    [Fact]
    public async Task ListThatHasExpiredAtTheStartIsToldInTheLog()
    {
        WriteList(_authority.RevocationListPem(_time.GetUtcNow().AddHours(-1)));
        await using var harness = await StartAsync();

        Assert.Contains("CN=authority", Assert.Single(harness.Log.Lines, line => line.EventId == 1128).Message);
    }

    [Fact]
    public async Task AuthorityWithoutAListRefusesItsClients()
    {
        using var other = new TestAuthority("other", rsa: true);
        using var certificate = other.Issue("CN=sensor");
        File.AppendAllText(_tls.ClientCa!, "\n" + other.Certificate.ExportCertificatePem()); // set above
        WriteList(_authority.RevocationListPem());
        await using var harness = await StartAsync();
        await RefusedAsync(harness, new() { Certificate = certificate }, "there is no revocation list of 'CN=other'");

        WriteList(_authority.RevocationListPem() + "\n" + other.RevocationListPem());
        await ReloadAsync(harness);

        await ConnectAsync(harness, new() { Certificate = certificate });
    }

    [Fact]
    public async Task RevokedIntermediateAuthorityRefusesWhatItIssued()
    {
        using var intermediate = new TestAuthority("intermediate", _authority);
        using var certificate = intermediate.Issue("CN=sensor");
        File.AppendAllText(_tls.ClientCa!, "\n" + intermediate.Certificate.ExportCertificatePem()); // set above
        _authority.Revoke(intermediate.Certificate, X509RevocationReason.CACompromise);
        WriteList(_authority.RevocationListPem() + "\n" + intermediate.RevocationListPem());
        await using var harness = await StartAsync();

        await RefusedAsync(harness, new() { Certificate = certificate }, "(cACompromise)");
    }

    [Fact]
    public async Task ListenerMayHaveAnAnswerOfItsOwn()
    {
        await using var harness = await ListenerHarness.StartAsync(
            new ListenerOptions { Name = "test", Kind = ListenerKind.Tls, Address = "127.0.0.1:0", ClientCertificates = ClientCertificateMode.None }, _tls);

        await ConnectAsync(harness, new());
    }

    [Theory]
    [InlineData("missing.pem", null, "missing.pem' does not exist")]
    [InlineData("key.pem", null, "key.pem' cannot be used: there is no certificate in it")]
    [InlineData("ca.pem", "missing.pem", "missing.pem' does not exist")]
    [InlineData("ca.pem", "ca.pem", "ca.pem' cannot be used: there is no revocation list in it")]
    [InlineData("ca.pem", "garbage.der", "garbage.der' cannot be used: it is not a revocation list")]
    [InlineData("ca.pem", "stranger.crl", "the list of 'CN=stranger' is not signed by an authority in Tls:ClientCa")]
    [InlineData("ca.pem", "namesake.crl", "the list of 'CN=authority' is not signed by an authority in Tls:ClientCa")]
    public async Task UnusableFileIsAStartUpError(string authorities, string? list, string cause)
    {
        using var stranger = new TestAuthority("stranger");
        using var namesake = new TestAuthority("authority");
        File.WriteAllText(_directory.File("stranger.crl"), stranger.RevocationListPem());
        File.WriteAllBytes(_directory.File("namesake.crl"), namesake.RevocationList());
        File.WriteAllText(_directory.File("garbage.der"), "garbage");
        _tls.ClientCa = _directory.File(authorities);
        _tls.ClientCrl = list is null ? null : _directory.File(list);

        var error = await Assert.ThrowsAsync<StartupException>(() => StartAsync());

        Assert.Contains(cause, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private Task<ListenerHarness> StartAsync(ListenerKind kind = ListenerKind.Tls) => ListenerHarness.StartAsync(kind, _tls, _time);

    /// <summary>Until the files are read again; a watcher that reports meanwhile may put off a poll.</summary>
    private Task ReloadAsync(ListenerHarness harness, int expectedEvent = 1126) => Stuck.UntilAsync(
        () =>
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            return harness.Log.Lines.Any(line => line.EventId == expectedEvent);
        },
        "the files to be read again");

    private void WriteList(string pem)
    {
        _tls.ClientCrl = _directory.File("crl.pem");
        File.WriteAllText(_tls.ClientCrl, pem);
    }

    /// <summary>The handshake succeeds, also in the eyes of a TLS 1.3 client, which is done before the server has looked at its certificate.</summary>
    private static async Task ConnectAsync(ListenerHarness harness, SecureClient client)
    {
        await using var stream = await client.ConnectAsync(harness.Listener.EndPoint);
        if (harness.Listener.Kind == ListenerKind.Tls)
        {
            await EchoAsync(stream);
        }
        else
        {
            await AnswerAsync(stream);
        }
    }

    private static async Task<string?> UserNameAsync(ListenerHarness harness, SecureClient client)
    {
        await ConnectAsync(harness, client);
        var transport = await harness.Handler.First.Task;
        return transport.UserName;
    }

    private static async Task EchoAsync(SslStream stream)
    {
        await stream.WriteAsync("echo"u8.ToArray());
        var echo = new byte[4];
        await stream.ReadExactlyAsync(echo).AsTask().OrStuck("the echo");
        Assert.Equal("echo"u8.ToArray(), echo);
    }

    private static async Task AnswerAsync(SslStream stream)
    {
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n"u8.ToArray());
        Assert.NotEqual(0, await stream.ReadAsync(new byte[1]).AsTask().OrStuck("an answer"));
    }

    /// <summary>The handshake fails at the server with one line that says why, and nothing reaches the handler.</summary>
    private static async Task RefusedAsync(ListenerHarness harness, SecureClient client, params string[] words)
    {
        var (accepted, lines) = (harness.Handler.Accepted.Count, Lines().Count());
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await using var stream = await client.ConnectAsync(harness.Listener.EndPoint);
            if (await stream.ReadAsync(new byte[1]).AsTask().OrStuck("the refusal") == 0)
            {
                throw new IOException("The server closed.");
            }
        });
        await Stuck.UntilAsync(() => Lines().Count() > lines, "the line of the refusal");
        Assert.All(words, word => Assert.Contains(word, Lines().Last()));
        Assert.Equal(accepted, harness.Handler.Accepted.Count);

        IEnumerable<string> Lines() => harness.Log.Lines.Where(line => line.EventId == 1110).Select(line => line.Message);
    }
}
