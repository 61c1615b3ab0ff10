using System.Reflection;
using System.Runtime.InteropServices;
using GrainMQ.Gateway.Hosting.Listeners;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting;

/// <summary>What a started broker says: where it listens, what it is and what it keeps.</summary>
internal static partial class Banner
{
#if GRAIN_ENGINE_ORLEANS
    public const string Engine = "Orleans";
#else
    public const string Engine = "embedded";
#endif

    /// <summary>The product's version, without the build's metadata.</summary>
    public static string Version { get; } =
        typeof(Banner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>Plain lines on <paramref name="output"/> at every log level, or one event where the output has to stay JSON.</summary>
    public static void Show(GatewayService gateway, GatewayOptions options, TextWriter output, ILogger logger)
    {
        var runtime = RuntimeInformation.FrameworkDescription;
        var kept = gateway.DataPath is { } path ? $"{options.Data.Durability}, data directory {path}" : $"{options.Data.Durability}";
        if (options.Log.Format == LogFormat.Json)
        {
            LogStarted(logger, Version, runtime, Engine, kept, string.Join(", ", gateway.Listeners.Select(Describe)));
            return;
        }
        output.WriteLine($"GrainMQ {Version}, {runtime}, grain engine: {Engine}, durability: {kept}");
        foreach (var listener in gateway.Listeners)
            output.WriteLine($"  {listener.Name,-8} {Describe(listener)}");
        output.Flush();
    }

    /// <summary>The address as a client writes it.</summary>
    public static string Describe(Listener listener) => listener.Kind switch
    {
        ListenerKind.Tcp => $"mqtt://{listener.EndPoint}",
        ListenerKind.Tls => $"mqtts://{listener.EndPoint}",
        ListenerKind.Quic => $"quic://{listener.EndPoint}",
        ListenerKind.Unix => $"unix:{listener.EndPoint}",
        ListenerKind.Ws => $"ws://{listener.EndPoint}{WebSocketEndpoint.Path}",
        _ => $"wss://{listener.EndPoint}{WebSocketEndpoint.Path}",
    };

    [LoggerMessage(1001, LogLevel.Information, "GrainMQ {Version} started on {Runtime}, grain engine {Engine}, store {Store}, listening on {Listeners}.")]
    private static partial void LogStarted(ILogger logger, string version, string runtime, string engine, string store, string listeners);
}
