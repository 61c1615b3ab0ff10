using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Hosting;
using GrainMQ.Gateway.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Tests.Testing;

/// <summary>
/// The whole broker without sockets and without a real clock: every part of the product from the byte pipe to the grains. An error in
/// the log that the test did not announce fails it on disposal.
/// </summary>
public sealed class InMemoryGateway : IAsyncDisposable
{
    private readonly ServiceProvider _services;
    private readonly HashSet<int> _expectedErrors = [];

    private InMemoryGateway(ServiceProvider services, ManualTimeProvider time, RecordingLoggerProvider log) =>
        (_services, Time, Log) = (services, time, log);

    public ManualTimeProvider Time { get; }

    public RecordingLoggerProvider Log { get; }

    public IServiceProvider Services => _services;

    internal ConnectionRegistry Connections => _services.GetRequiredService<ConnectionRegistry>();

    internal SessionTable Sessions => _services.GetRequiredService<SessionTable>();

    public static async Task<InMemoryGateway> StartAsync(
        Action<GatewayOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        var options = new GatewayOptions();
        options.Listeners.Clear();
        configure?.Invoke(options);
        var time = new ManualTimeProvider();
        var log = new RecordingLoggerProvider();
        var collection = new ServiceCollection();
        collection.AddSingleton<TimeProvider>(time);
        collection.AddLogging(builder => builder.SetMinimumLevel(LogLevel.Debug).AddProvider(log));
        collection.AddMqttGateway(options);
        services?.Invoke(collection);
        var gateway = new InMemoryGateway(collection.BuildServiceProvider(), time, log);
        foreach (var service in gateway._services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None).OrStuck("the gateway to start");
        }

        return gateway;
    }

    /// <summary>A new connection, accepted by the gateway.</summary>
    public MemoryClient Open(TransportKind kind = TransportKind.Memory)
    {
        var transport = new MemoryTransport(kind: kind);
        _ = _services.GetRequiredService<IConnectionHandler>().HandleAsync(transport);
        return new MemoryClient(transport);
    }

    /// <summary>Names an event id of level Error that this test provokes.</summary>
    public void ExpectError(int eventId) => _expectedErrors.Add(eventId);

    /// <summary>Completes when every connection that was ended has handed everything back.</summary>
    public Task IdleAsync() => Stuck.UntilAsync(() => Connections.All.All(connection => !connection.IsClosing), "closing connections");

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None).OrStuck("the gateway to stop");
        }

        await _services.DisposeAsync();
        var unexpected = Log.Lines.Where(line => line.Level >= LogLevel.Error && !_expectedErrors.Contains(line.EventId)).ToArray();
        if (unexpected.Length > 0)
        {
            throw new InvalidOperationException($"Unexpected errors in the log: {string.Join<object>(Environment.NewLine, unexpected)}");
        }
    }
}
