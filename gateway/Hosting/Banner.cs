using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting;

/// <summary>Shows where a started broker listens, its versions and what it keeps.</summary>
internal static partial class Banner
{
    /// <summary>Writes plain lines to <paramref name="output"/> at every log level, or one event where the output has to stay JSON.</summary>
    public static void Show(IServiceProvider services, GatewayOptions options, TextWriter output)
    {
        var listeners = services.GetRequiredService<GatewayService>().Listeners;
        var place = options.Cluster.Role == GatewayRole.Gateway
            ? $"gateway of cluster {options.Cluster.Id}"
            : DataDirectory.Describe(options.Data, services.GetService<DataDirectory>());
        if (options.Log.Format == LogFormat.Json)
        {
            var logger = services.GetRequiredService<ILoggerFactory>().CreateLogger(nameof(Banner));
            LogStarted(logger, ProductVersion.Product, ProductVersion.Runtime, ProductVersion.Orleans, place, string.Join(", ", listeners.Select(Describe)));
            return;
        }

        output.WriteLine($"GrainMQ {ProductVersion.Product}, {ProductVersion.Runtime}, {ProductVersion.Orleans}, {place}");
        foreach (var listener in listeners)
        {
            output.WriteLine($"  {listener.Name,-8} {Describe(listener)}");
        }

        output.Flush();
    }

    /// <summary>Returns the address as a client writes it.</summary>
    public static string Describe(Listener listener) => listener.Kind switch
    {
        ListenerKind.Tcp => $"mqtt://{listener.EndPoint}",
        ListenerKind.Tls => $"mqtts://{listener.EndPoint}",
        ListenerKind.Quic => $"quic://{listener.EndPoint}",
        ListenerKind.Unix => $"unix:{listener.EndPoint}",
        ListenerKind.Ws => $"ws://{listener.EndPoint}{WebSocketEndpoint.Path}",
        ListenerKind.Wss => $"wss://{listener.EndPoint}{WebSocketEndpoint.Path}",
        _ => throw new ArgumentOutOfRangeException(nameof(listener), listener.Kind, "A kind of listener without an address for clients."),
    };

    [LoggerMessage(1001, LogLevel.Information, "GrainMQ {Version} started on {Runtime}, {Orleans}, {Place}, listening on {Listeners}.")]
    private static partial void LogStarted(ILogger logger, string version, string runtime, string orleans, string place, string listeners);
}
