using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Hosting;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Silo.Data;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Tests.Testing;

/// <summary>
/// The whole broker in this process, on a free port of 127.0.0.1 for each kind of listener and a Unix domain socket, with a certificate of its own. An error in
/// the log that the test did not announce fails it on disposal.
/// </summary>
internal sealed class SocketGateway : IAsyncDisposable
{
    /// <summary>Logs an error when it tells what has stopped already that a call is given up; the product leaves it out as well.</summary>
    private const string OrleansCancellation = "Orleans.Runtime.GrainCallCancellationManager";

    private readonly TemporaryDirectory _directory;
    private readonly ServiceProvider _services;
    private readonly HashSet<int> _expectedErrors = [];

    private SocketGateway(ServiceProvider services, TemporaryDirectory directory, X509Certificate2 certificate, RecordingLoggerProvider log) =>
        (_services, _directory, Certificate, Log) = (services, directory, certificate, log);

    public IServiceProvider Services => _services;

    public RecordingLoggerProvider Log { get; }

    public X509Certificate2 Certificate { get; }

    /// <summary>The certificate as a client's list of trusted authorities.</summary>
    public string CertificatePath => _directory.File("cert.pem");

    public ConnectionRegistry Connections => _services.GetRequiredService<ConnectionRegistry>();

    public SessionRegistry Sessions => _services.GetRequiredService<SessionRegistry>();

    /// <param name="time">The broker's clock, not that of the silo's own affairs. Default: the system's.</param>
    /// <param name="configure">Changes the options; there is a listener of each kind.</param>
    /// <param name="replace">Changes what the broker is made of.</param>
    /// <param name="isSimulated">The grains run in the simulation of a silo: for what moves the clock by hours, or starts a thousand brokers.</param>
    public static async Task<SocketGateway> StartAsync(
        TimeProvider? time = null, Action<GatewayOptions>? configure = null, Action<IServiceCollection>? replace = null, bool isSimulated = false)
    {
        var directory = new TemporaryDirectory();
        var certificate = TestCertificate.Create("GrainMQ");
        var options = new GatewayOptions { Tls = { Certificate = directory.File("cert.pem"), Key = directory.File("key.pem") } };
        TestCertificate.WritePem(certificate, options.Tls.Certificate, options.Tls.Key);
        options.Listeners.Clear();
        options.Data.Durability = Durability.Memory;
        foreach (var kind in Enum.GetValues<ListenerKind>().Where(IsSupported))
        {
            options.Listeners.Add(new() { Name = kind.ToString(), Kind = kind, Address = kind == ListenerKind.Unix ? directory.File("mqtt.sock") : "127.0.0.1:0" });
        }

        configure?.Invoke(options);

        var log = new RecordingLoggerProvider();
        var services = new ServiceCollection();
        services.AddSingleton(time ?? TimeProvider.System);
        services.AddKeyedSingleton(KeyedService.AnyKey, TimeProvider.System); // the clocks of Orleans itself
        services.AddLogging(builder => builder.SetMinimumLevel(LogLevel.Debug).AddProvider(log));
        if (isSimulated)
        {
            SimulatedSilo.Add(services, options.ToSilo());
            services.AddMqttDataPlane(options);
        }
        else
        {
            services.AddMqttGateway(options);
        }

        replace?.Invoke(services);
        var gateway = new SocketGateway(services.BuildServiceProvider(), directory, certificate, log);
        foreach (var service in gateway._services.GetServices<IHostedService>())
        {
            await service.StartAsync(CancellationToken.None).OrStuck("the gateway to start");
        }

        return gateway;
    }

    /// <summary>Of a listener that has an address and a port.</summary>
    public IPEndPoint EndPoint(ListenerKind kind) => (IPEndPoint)Address(kind);

    /// <summary>Where the listener of that kind listens, a Unix domain socket among them.</summary>
    public EndPoint Address(ListenerKind kind) => _services.GetRequiredService<GatewayService>().Listeners.Single(listener => listener.Kind == kind).EndPoint;

    /// <summary>The living connection of a client, once the broker has it.</summary>
    public async Task<Connection> ConnectionOfAsync(string clientId)
    {
        Connection? found = null;
        await Stuck.UntilAsync(() => (found = Find()) is not null, $"the connection of {clientId}");
        return found!; // the condition

        Connection? Find() => Connections.All.FirstOrDefault(
            connection => connection.Client.Id == clientId && connection is { IsClosing: false, Session: not null });
    }

    /// <summary>Completes when the client has that many subscriptions.</summary>
    public Task SubscribedAsync(string clientId, int subscriptions = 1) => Stuck.UntilAsync(
        () => Sessions.TryGet(SessionRegistry.KeyOf(clientId), out var session) && session.Subscriptions.Count >= subscriptions,
        $"{clientId} to subscribe");

    private static bool IsSupported(ListenerKind kind) => kind switch
    {
        ListenerKind.Quic => QuicSupport.IsAvailable,
        ListenerKind.Unix => Socket.OSSupportsUnixDomainSockets,
        _ => true,
    };

    /// <summary>Names an event id of level Error that this test provokes.</summary>
    public void ExpectError(int eventId) => _expectedErrors.Add(eventId);

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _services.GetServices<IHostedService>().Reverse())
        {
            await service.StopAsync(CancellationToken.None).OrStuck("the gateway to stop");
        }

        await _services.DisposeAsync();
        Certificate.Dispose();
        _directory.Dispose();
        var unexpected = Log.Lines.Where(line =>
            line.Level >= LogLevel.Error && !_expectedErrors.Contains(line.EventId) && line.Category != OrleansCancellation).ToArray();
        if (unexpected.Length > 0)
        {
            throw new InvalidOperationException($"Unexpected errors in the log: {string.Join<object>(Environment.NewLine, unexpected)}");
        }
    }
}
