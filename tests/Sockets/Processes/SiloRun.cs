using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace GrainMQ.Tests.Sockets.Processes;

/// <summary>A silo of a cluster as a process of its own, on ports that were free.</summary>
internal sealed class SiloRun : IDisposable
{
    private SiloRun(ProcessRun run, string cluster, int siloPort, int gatewayPort) =>
        (Run, Cluster, SiloPort, GatewayPort) = (run, cluster, siloPort, gatewayPort);

    public static string Product { get; } = Path.Combine(AppContext.BaseDirectory, "grainmq-silo.dll");

    public ProcessRun Run { get; }

    public string Cluster { get; }

    public int SiloPort { get; }

    public int GatewayPort { get; }

    /// <summary>What a gateway of its cluster is started with.</summary>
    public string[] GatewayArguments => ["--role", "gateway", "--cluster-id", Cluster, "--set", $"Cluster:GatewayPort={GatewayPort}"];

    /// <summary>A silo with these further arguments; without <c>--data</c> it keeps nothing.</summary>
    public static SiloRun Start(string cluster, params string[] arguments)
    {
        var (siloPort, gatewayPort) = (FreePort(), FreePort());
        return Start(cluster, siloPort, gatewayPort, arguments);
    }

    /// <summary>The next silo where one was before.</summary>
    public static SiloRun Start(string cluster, int siloPort, int gatewayPort, params string[] arguments)
    {
        string[] kept = arguments.Contains("--data") ? [] : ["--durability", "memory"];
        string[] ports = ["--set", $"Cluster:SiloPort={siloPort}", "--set", $"Cluster:GatewayPort={gatewayPort}"];
        return new(StartProcess(["--cluster-id", cluster, .. ports, .. kept, .. arguments]), cluster, siloPort, gatewayPort);
    }

    /// <summary>The command with nothing added.</summary>
    public static ProcessRun StartProcess(params string[] arguments) => ProcessRun.Start(new ProcessStartInfo("dotnet", [Product, .. arguments]));

    /// <summary>Completes when it is a member of its cluster and takes gateways.</summary>
    public Task StartedAsync() => Run.EndPointAsync("gateways");

    /// <summary>A port of 127.0.0.1 that nothing used a moment ago.</summary>
    public static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint?)socket.LocalEndPoint)?.Port ?? throw new InvalidOperationException("No port.");
    }

    public void Dispose() => Run.Dispose();
}
