using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Conformance.Rows;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GrainMQ.Tests.Conformance.Running;

/// <summary>
/// A broker with one listener on 127.0.0.1, its real transport and everything below it. Its clock is the row's, because rows speak of
/// hours. Nothing is on its way when client and broker have counted the same bytes at both ends of every connection.
/// </summary>
internal sealed class SocketRowBroker : RowBroker
{
    private readonly ListenerKind _kind;
    private readonly ManualTimeProvider _time = new();
    private readonly List<SocketRowClient> _clients = [];
    private SocketGateway? _gateway;

    private SocketRowBroker(Row row, ListenerKind kind) : base(row) => _kind = kind;

    private SocketGateway Gateway => _gateway ?? throw new InvalidOperationException("The broker is not started.");

    private MeteredConnections Meters => Gateway.Services.GetRequiredService<MeteredConnections>();

    public static async Task<SocketRowBroker> StartAsync(Row row, ListenerKind kind)
    {
        var broker = new SocketRowBroker(row, kind);
        broker._gateway = await SocketGateway.StartAsync(broker._time, broker.OnlyOneListener, broker.PutMetersOn, isSimulated: true);
        return broker;
    }

    public override async Task<RowClient> OpenAsync()
    {
        var client = new SocketRowClient(await RawStream.ConnectAsync(Gateway, _kind).OrStuck("the transport's handshake"), Meters);
        _clients.Add(client);
        return client;
    }

    public override async Task SettledAsync()
    {
        var start = Environment.TickCount64;
        do
        {
            await Stuck.UntilAsync(() => _clients.TrueForAll(client => client.IsEven), "bytes to arrive");
            await Quiescence.ReachedAsync(); // what they cause
            Stuck.Check(start, "the broker to settle");
        }
        while (!_clients.TrueForAll(client => client.IsEven));
    }

    public override void Advance(TimeSpan by) => _time.Advance(by);

    public override async ValueTask DisposeAsync()
    {
        foreach (var client in _clients)
        {
            client.Drop();
        }

        await SettledAsync();
        await Gateway.DisposeAsync();
        await base.DisposeAsync();
    }

    private void OnlyOneListener(Gateway.Configuration.GatewayOptions options)
    {
        foreach (var other in options.Listeners.Where(listener => listener.Kind != _kind).ToArray())
        {
            options.Listeners.Remove(other);
        }

        Configure(options);
    }

    private void PutMetersOn(IServiceCollection services)
    {
        Replace(services);
        services.AddSingleton<ConnectionHandler>();
        services.AddSingleton<MeteredConnections>();
        services.Replace(ServiceDescriptor.Singleton<IConnectionHandler>(provider => provider.GetRequiredService<MeteredConnections>()));
    }
}
