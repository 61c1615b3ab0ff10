using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Sockets.ThirdParty;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Processes;

/// <summary>SIGHUP, which ends a process that does not know it.</summary>
public sealed class HangupTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task FilesAreReadAgainAndWhatIsWrongIsTold()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGHUP.");
        var (certificate, key, users) = (_directory.File("cert.pem"), _directory.File("key.pem"), _directory.File("users"));
        using (var first = TestCertificate.Create("first.test"))
        {
            TestCertificate.WritePem(first, certificate, key);
        }

        await using (var passwd = ClientProcess.Start("dotnet", [GatewayRun.Product, "passwd", users, "alice"], "secret\n"))
        {
            await passwd.EndAsync();
        }

        using var broker = GatewayRun.Start(
            "--tcp", "127.0.0.1:0", "--ws", "none", "--tls", "127.0.0.1:0", "--cert", certificate, "--key", key, "--password-file", users,
            "--allow-anonymous", "true", "--durability", "memory");
        await broker.EndPointAsync("tls");
        broker.Signal("HUP");
        await broker.LineAsync(line => line.Contains(" INF 1140 ", StringComparison.Ordinal), "the users");
        await broker.LineAsync(line => line.Contains(" INF 1121 ", StringComparison.Ordinal), "the certificate");
        await broker.LineAsync(line => line.Contains(" INF 1008 FileReload SIGHUP: 2 files or sets of files were read again, 0 cannot", StringComparison.Ordinal), "the end");

        await File.WriteAllTextAsync(users, "nonsense\n");
        broker.Signal("HUP");
        await broker.LineAsync(line => line.Contains(" ERR 1141 ", StringComparison.Ordinal), "what is wrong");
        await broker.LineAsync(line => line.Contains("SIGHUP: 1 files or sets of files were read again, 1 cannot", StringComparison.Ordinal), "the end");
    }

    [Fact]
    public async Task BrokerAndSiloWithoutFilesGoOn()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no SIGHUP.");
        using var silo = SiloRun.Start("hangup");
        await silo.Run.LineAsync(line => line.StartsWith("  gateways ", StringComparison.Ordinal), "the banner");
        using var broker = GatewayRun.Start(["--tcp", "127.0.0.1:0", "--ws", "none", .. silo.GatewayArguments]);
        var endPoint = IPEndPoint.Parse(await broker.EndPointAsync("tcp"));
        silo.Run.Signal("HUP");
        broker.Signal("HUP");
        await broker.LineAsync(line => line.Contains("SIGHUP: 0 files", StringComparison.Ordinal), "the end");

        await using var client = await RawClient.OpenAsync(endPoint, ProtocolVersion.Mqtt5, mayBreakOff: false);
        await client.ConnectAsync("client", durable: true);
        silo.Run.Signal("TERM");
        Assert.Equal((0, ""), await silo.Run.EndAsync());
    }
}
