using System.Diagnostics.Metrics;
using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Hosting;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.Transports;
using GrainMQ.Grains.Contracts;
using GrainMQ.Silo.Data;
using GrainMQ.Tests.Simulation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Tests.Testing;

/// <summary>
/// The whole broker without sockets and without a real clock: every part of the product from the byte pipe to the grains, which run in the
/// simulation of a silo. An error in the log that the test did not announce fails it on disposal.
/// </summary>
public sealed class InMemoryGateway : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(1);

    private readonly ServiceProvider _services;
    private readonly HashSet<int> _expectedErrors = [];
    private bool _isStopped;

    private InMemoryGateway(ServiceProvider services, ManualTimeProvider time, RecordingLoggerProvider log)
    {
        (_services, Time, Log) = (services, time, log);
        Metrics = new MetricRecorder(services.GetRequiredService<IMeterFactory>());
    }

    public ManualTimeProvider Time { get; }

    public RecordingLoggerProvider Log { get; }

    public MetricRecorder Metrics { get; }

    public IServiceProvider Services => _services;

    public SimulatedCluster Cluster => _services.GetRequiredService<SimulatedCluster>();

    /// <summary>The grains that are in memory, as <c>SessionGrain/default/client</c>.</summary>
    public IEnumerable<string> Activations => Cluster.Activations;

    internal ConnectionRegistry Connections => _services.GetRequiredService<ConnectionRegistry>();

    internal SessionRegistry Sessions => _services.GetRequiredService<SessionRegistry>();

    public static async Task<InMemoryGateway> StartAsync(
        Action<GatewayOptions>? configure = null, Action<IServiceCollection>? services = null, GrainFaults? faults = null)
    {
        var gateway = Create(new ManualTimeProvider(), configure, services, faults);
        await gateway.StartServicesAsync().OrStuck("the gateway to start");
        return gateway;
    }

    /// <summary>A gateway that was not started yet; <see cref="StartServicesAsync"/> does.</summary>
    public static InMemoryGateway Create(
        ManualTimeProvider time, Action<GatewayOptions>? configure = null, Action<IServiceCollection>? services = null, GrainFaults? faults = null)
    {
        var options = new GatewayOptions();
        options.Listeners.Clear();
        options.Data.Durability = Durability.Memory;
        configure?.Invoke(options);
        var log = new RecordingLoggerProvider();
        var collection = new ServiceCollection();
        collection.AddSingleton<TimeProvider>(time);
        collection.AddSingleton<IProcessMemory>(new ManualMemory()); // days pass in a moment here, and the process must not collect once for each hour
        collection.AddLogging(builder => builder.SetMinimumLevel(LogLevel.Debug).AddProvider(log));
        SimulatedSilo.Add(collection, options.ToSilo(), faults);
        collection.AddMqttDataPlane(options);
        services?.Invoke(collection);
        return new InMemoryGateway(collection.BuildServiceProvider(), time, log);
    }

    /// <summary>Completes when clients may connect; may need the clock and a disk that the test moves.</summary>
    public async Task StartServicesAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None);
        }
    }

    /// <summary>
    /// The process is killed: nothing in it goes on, no client is told, and nothing is left of it for the next one. Its clock must not be
    /// moved any more.
    /// </summary>
    public void Kill()
    {
        _isStopped = true;
        Cluster.KillSilo(0);
        Metrics.Dispose();
        _services.GetRequiredService<IMeterFactory>().Dispose(); // its gauges would keep the dead process in memory
    }

    /// <summary>A new connection, accepted by the gateway.</summary>
    /// <param name="certified">The username of its certificate; null: it showed none.</param>
    public MemoryClient Open(TransportKind kind = TransportKind.Memory, string? certified = null) =>
        Open(new MemoryTransport(kind: kind) { UserName = certified });

    public MemoryClient Open(MemoryTransport transport)
    {
        _ = _services.GetRequiredService<IConnectionHandler>().HandleAsync(transport);
        return new MemoryClient(transport);
    }

    /// <summary>A new QUIC connection, accepted by the gateway; its client has opened nothing yet.</summary>
    public MemoryQuicClient OpenQuic(int maximumStreams = 32)
    {
        var client = new MemoryQuicClient(new MemoryQuicLink(maximumStreams), Time);
        _ = _services.GetRequiredService<IConnectionHandler>().HandleAsync(client.Transport);
        return client;
    }

    /// <summary>A QUIC connection whose control stream has said CONNECT and been accepted.</summary>
    public async Task<MemoryQuicClient> ConnectQuicAsync(
        string clientId, ProtocolVersion version = ProtocolVersion.Mqtt5, bool cleanStart = true, uint? expiry = null, ushort keepAlive = 0,
        ClientWill? will = null)
    {
        var client = OpenQuic();
        var connack = await client.ConnectAsync(clientId, version, cleanStart, expiry, keepAlive, will);
        return connack.Reason == ReasonCode.Success ? client : throw new InvalidOperationException($"CONNACK {connack.Reason}.");
    }

    /// <summary>A new connection whose CONNECT was accepted.</summary>
    public async Task<MemoryClient> ConnectAsync(
        string clientId, bool cleanStart = true, uint? expiry = null, ProtocolVersion version = ProtocolVersion.Mqtt5,
        ushort keepAlive = 0, ClientWill? will = null, PropertyList? properties = null, bool? sessionPresent = null)
    {
        var client = Open();
        var connack = await client.ConnectAsync(clientId, cleanStart, expiry, version, keepAlive, will, properties);
        if (connack.Reason != ReasonCode.Success || (sessionPresent is { } expected && connack.SessionPresent != expected))
        {
            throw new InvalidOperationException($"CONNECT of {clientId} was answered by {connack}.");
        }

        return client;
    }

    /// <summary>The network of the client breaks; completes when the gateway has handed everything back.</summary>
    public Task DropAsync(MemoryClient client)
    {
        client.Drop();
        return GoneAsync(client);
    }

    /// <summary>The client says DISCONNECT; completes when the gateway has handed everything back.</summary>
    public Task DisconnectAsync(MemoryClient client, ReasonCode reason = ReasonCode.Success, PropertyList? properties = null)
    {
        client.Send(ClientPackets.Disconnect(client.Version, reason, properties));
        return GoneAsync(client);
    }

    /// <summary>Completes when nothing is left of the client's connection.</summary>
    public async Task GoneAsync(MemoryClient client)
    {
        var connection = Connections.All.FirstOrDefault(connection => connection.Transport == client.Transport);
        if (connection is not null)
        {
            await connection.Ended.OrStuck("a connection to be handed back");
            await Stuck.UntilAsync(() => !Connections.All.Contains(connection), "a connection to be forgotten");
        }
    }

    /// <summary>Completes when nothing is left of the client's QUIC connection.</summary>
    public Task GoneAsync(MemoryQuicClient client) =>
        Stuck.UntilAsync(() => Connections.All.All(connection => connection.Transport != client.Transport), "a QUIC connection to be forgotten");

    /// <summary>The store's record of a session.</summary>
    public Task<SessionInfo> SessionInfoAsync(string clientId) => SessionGrain(clientId).GetInfoAsync().OrStuck("the session's info");

    public ISessionGrain SessionGrain(string clientId) =>
        _services.GetRequiredService<IGrainFactory>().GetGrain<ISessionGrain>(SessionRegistry.KeyOf(clientId));

    /// <summary>Lets time pass in steps; between them everything that has become due gets its turn.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        await Stuck.CalmAsync();
        for (var left = by; left > TimeSpan.Zero; left -= Step)
        {
            Time.Advance(left < Step ? left : Step);
            await Stuck.CalmAsync();
        }
    }

    /// <summary>Lets time pass until the task completes.</summary>
    public async Task AdvanceUntilAsync(Task task, string what)
    {
        var start = Environment.TickCount64;
        await Stuck.CalmAsync(); // what needs no time gets none: its time-outs must not fire
        while (!task.IsCompleted)
        {
            Stuck.Check(start, what);
            Time.Advance(Step);
            await Stuck.CalmAsync();
        }

        await task;
    }

    /// <summary>Names an event id of level Error that this test provokes.</summary>
    public void ExpectError(int eventId) => _expectedErrors.Add(eventId);

    /// <summary>Completes when every connection that was ended has handed everything back.</summary>
    public Task IdleAsync() => Stuck.UntilAsync(() => Connections.All.All(connection => !connection.IsClosing), "closing connections");

    /// <summary>Stops the gateway and the grains in order.</summary>
    public async Task StopAsync()
    {
        if (_isStopped)
        {
            return;
        }

        _isStopped = true;
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await AdvanceUntilAsync(service.StopAsync(CancellationToken.None), "the gateway to stop");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Metrics.Dispose();
        await _services.DisposeAsync();
        var unexpected = Log.Lines.Where(line => line.Level >= LogLevel.Error && !_expectedErrors.Contains(line.EventId)).ToArray();
        if (unexpected.Length > 0)
        {
            throw new InvalidOperationException($"Unexpected errors in the log: {string.Join<object>(Environment.NewLine, unexpected)}");
        }
    }
}
