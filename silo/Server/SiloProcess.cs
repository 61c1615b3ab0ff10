using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Silo.Server;

/// <summary>Runs a silo of a cluster as a process.</summary>
internal static partial class SiloProcess
{
    /// <returns>0 after an orderly stop, 1 when it could not start; the cause is then one line on <paramref name="error"/>.</returns>
    public static Task<int> RunAsync(SiloOptions options, TextWriter output, TextWriter error) =>
        new ProcessHost(SiloCommand.Name, options.Log, error, fault => ClusterSilo.Explain(fault, options.Cluster)).RunAsync(
            services => services.AddGrainMqSilo(options), services => ShowBanner(services, options, output));

    private static void ShowBanner(IServiceProvider services, SiloOptions options, TextWriter output)
    {
        var cluster = options.Cluster;
        var kept = DataDirectory.Describe(options.Data, services.GetService<DataDirectory>());
        if (options.Log.Format == LogFormat.Json)
        {
            var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(SiloProcess));
            LogStarted(logger, ProductVersion.Product, ProductVersion.Runtime, ProductVersion.Orleans, cluster.Id, kept, cluster.SiloPort, cluster.GatewayPort);
            return;
        }
        output.WriteLine(
            $"GrainMQ silo {ProductVersion.Product}, {ProductVersion.Runtime}, {ProductVersion.Orleans}, cluster {cluster.Id}, {kept}");
        output.WriteLine($"  silos    127.0.0.1:{cluster.SiloPort}");
        output.WriteLine($"  gateways 127.0.0.1:{cluster.GatewayPort}");
        output.Flush();
    }

    [LoggerMessage(1050, LogLevel.Information,
        "GrainMQ silo {Version} started on {Runtime}, {Orleans}, cluster {Cluster}, {Kept}, silos on 127.0.0.1:{SiloPort}, gateways on 127.0.0.1:{GatewayPort}.")]
    private static partial void LogStarted(
        ILogger logger, string version, string runtime, string orleans, string? cluster, string kept, int siloPort, int gatewayPort);
}
