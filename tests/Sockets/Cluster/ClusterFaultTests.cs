using GrainMQ.Tests.Sockets.Processes;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Cluster;

/// <summary>What is wrong with a silo or with a gateway's way to it is one line, with its cause and its cure.</summary>
public sealed class ClusterFaultTests : IDisposable
{
    private static readonly string[] FreePorts = ["--tcp", "127.0.0.1:0", "--ws", "none"];

    private readonly TemporaryDirectory _data = new();

    public void Dispose() => _data.Dispose();

    [Fact]
    public Task SiloWithoutConfigurationIsOneLine() => SiloFailsAsync(["Cluster:Id is not set", "--cluster-id NAME"]);

    [Fact]
    public Task UnknownOptionIsOneLine() =>
        SiloFailsAsync(["Cluster:SiloPrt (--set) is not an option", "Cluster:SiloPort"], "--cluster-id", "x", "--set", "Cluster:SiloPrt=1");

    [Fact]
    public Task UnreachablePrimaryIsOneLine()
    {
        var primary = SiloRun.FreePort();
        return SiloFailsAsync([$"No silo listens on 127.0.0.1:{primary}", "Start that one first"], [.. Cluster("plant", primary), "--durability", "memory"]);
    }

    [Fact]
    public async Task BusyPortsAndDirectoriesAreOneLine()
    {
        using var silo = SiloRun.Start("plant", "--data", _data.Path);
        await silo.StartedAsync();

        await SiloFailsAsync(["in use by another broker", $"{silo.Run.Id}", "--data DIR"], [.. Cluster("plant"), "--data", _data.Path]);
        await SiloFailsAsync(
            [$"cannot listen on 127.0.0.1:{silo.SiloPort}", "another program uses this port", "Cluster:SiloPort=PORT"],
            "--cluster-id", "plant", "--durability", "memory", "--set", $"Cluster:SiloPort={silo.SiloPort}");
        await SiloFailsAsync(
            [$"cannot listen on 127.0.0.1:{silo.GatewayPort}", "another program uses this port", "Cluster:GatewayPort=PORT"],
            "--cluster-id", "plant", "--durability", "memory", "--set", $"Cluster:SiloPort={SiloRun.FreePort()}", "--set", $"Cluster:GatewayPort={silo.GatewayPort}");
    }

    [Fact]
    public async Task SecondSiloWithFilesOfItsOwnIsRefused()
    {
        using var silo = SiloRun.Start("plant", "--data", _data.Path);
        await silo.StartedAsync();
        using var other = new TemporaryDirectory();

        await SiloFailsAsync(["Cluster 'plant' has a silo already", "--durability memory"], [.. Cluster("plant", silo.SiloPort), "--data", other.Path]);
    }

    [Fact]
    public async Task SiloOfAnotherClusterIsOneLine()
    {
        using var silo = SiloRun.Start("plant");
        await silo.StartedAsync();

        await SiloFailsAsync(["could not join cluster 'other'", "--cluster-id"], [.. Cluster("other", silo.SiloPort), "--durability", "memory"]);
    }

    [Fact]
    public async Task GatewayWithoutASiloSaysWhatItWaitsForAndOpensNoListener()
    {
        var port = SiloRun.FreePort();
        using var gateway = GatewayRun.Start(["--role", "gateway", "--cluster-id", "plant", "--set", $"Cluster:GatewayPort={port}", .. FreePorts]);

        var line = await gateway.ReadLineAsync();

        Assert.Contains($"No silo listens on 127.0.0.1:{port}", line);
        Assert.Contains("--cluster-id plant", line);
        if (OperatingSystem.IsLinux())
        {
            Assert.Empty(OpenPorts.Of(gateway));
        }

        gateway.Signal("TERM");
        Assert.Equal((0, ""), await gateway.EndAsync());
        Assert.Equal("", await gateway.ReadToEndAsync());
    }

    [Fact]
    public async Task GatewayOfAnotherClusterSaysSo()
    {
        using var silo = SiloRun.Start("plant");
        await silo.StartedAsync();
        using var gateway = GatewayRun.Start(["--role", "gateway", "--cluster-id", "other", "--set", $"Cluster:GatewayPort={silo.GatewayPort}", .. FreePorts]);

        var line = await gateway.ReadLineAsync();

        Assert.Contains($"What listens on 127.0.0.1:{silo.GatewayPort} is no silo of cluster 'other'", line);
        Assert.Contains("--cluster-id", line);
    }

    [Theory]
    [InlineData("--role", "gatewy", "expected All, Gateway")]
    [InlineData("--role", "gateway", "Role gateway needs the name of the cluster")]
    [InlineData("--cluster-id", "plant", "Cluster:Id has no effect with role all")]
    public async Task RoleThatDoesNotFitIsOneLine(string option, string value, string message)
    {
        using var gateway = GatewayRun.Start([option, value, .. FreePorts]);
        await FailsAsync(gateway, [message]);
    }

    private static string[] Cluster(string name, int? primary = null) =>
    [
        "--cluster-id", name, "--set", $"Cluster:SiloPort={SiloRun.FreePort()}", "--set", $"Cluster:GatewayPort={SiloRun.FreePort()}",
        .. primary is null ? (string[])[] : ["--set", $"Cluster:PrimaryPort={primary}"],
    ];

    private static async Task SiloFailsAsync(string[] parts, params string[] arguments)
    {
        using var silo = SiloRun.StartProcess(arguments);
        await FailsAsync(silo, parts);
    }

    private static async Task FailsAsync(ProcessRun run, string[] parts)
    {
        var (code, error) = await run.EndAsync();
        Assert.Equal(1, code);
        var line = Assert.Single(error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.All(parts, part => Assert.Contains(part, line));
        Assert.Equal("", await run.ReadToEndAsync());
    }
}
