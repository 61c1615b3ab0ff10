using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>Several certificates on one listener: the client's server name (SNI) chooses.</summary>
public sealed class ServerNameTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly TestAuthority _authority = new("authority");
    private readonly TlsOptions _tls;

    public ServerNameTests() => _tls = new() { Certificate = Write("default", "default.test") };

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData("a.test", "a.test")]
    [InlineData("A.TEST", "a.test")]
    [InlineData("other.a.test", "a.test")] // its second name
    [InlineData("x.b.test", "*.b.test")]
    [InlineData("exact.b.test", "exact.b.test")]
    [InlineData("b.test", "default.test")] // a wildcard is one label, no less
    [InlineData("x.y.b.test", "default.test")] // and no more
    [InlineData("unknown.test", "default.test")]
    [InlineData("", "default.test")]
    [InlineData("127.0.0.1", "default.test")] // an address is no name: the client sends none
    public async Task NameChoosesTheCertificate(string asked, string expected)
    {
        Add("1", "a.test", "other.a.test");
        Add("2", "*.b.test");
        Add("3", "exact.b.test");
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls);

        Assert.Equal(expected, await NameAsync(harness, asked));
    }

    [Theory]
    [InlineData(ListenerKind.Tls)]
    [InlineData(ListenerKind.Wss)]
    public async Task WithoutADefaultTheFirstOfTheListServesEverybodyElse(ListenerKind kind)
    {
        _tls.Certificate = null;
        Add("b", "first.test");
        Add("a", "second.test");
        await using var harness = await ListenerHarness.StartAsync(kind, _tls);

        Assert.Equal("first.test", await NameAsync(harness, "unknown.test"));
        Assert.Equal("second.test", await NameAsync(harness, "second.test"));
    }

    [Fact]
    public async Task ReloadedCertificateServesItsNewNames()
    {
        var time = new ManualTimeProvider(TimeProvider.System.GetUtcNow());
        Add("1", "old.test");
        await using var harness = await ListenerHarness.StartAsync(ListenerKind.Tls, _tls, time);
        Assert.Equal("old.test", await NameAsync(harness, "old.test"));
        await Stuck.UntilAsync(() => harness.Handler.Accepted.Count == 1, "the end of the handshake at the server");

        Write("1", "new.test");
        await Stuck.UntilAsync(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(1));
                return harness.Log.Lines.Any(line => line.EventId == 1121);
            },
            "the certificate to be read again");

        Assert.Equal("new.test", await NameAsync(harness, "new.test"));
        Assert.Equal("default.test", await NameAsync(harness, "old.test"));
    }

    private static async Task<string> NameAsync(ListenerHarness harness, string asked)
    {
        await using var client = await new SecureClient { ServerName = asked }.ConnectAsync(harness.Listener.EndPoint);
        return client.RemoteCertificate?.Subject["CN=".Length..] ?? "";
    }

    private void Add(string name, params string[] hosts) =>
        _tls.Certificates.Add(new CertificateOptions { Name = name, Certificate = Write(name, hosts) });

    // Certificate and key in one file.
    private string Write(string name, params string[] hosts)
    {
        var path = _directory.File($"{name}.pem");
        using var certificate = _authority.IssueServer(hosts);
        TestCertificate.WritePem(certificate, path, _directory.File("key.pem"));
        File.AppendAllText(path, "\n" + File.ReadAllText(_directory.File("key.pem")));
        return path;
    }
}
