using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Security;
using GrainMQ.Grains;
using GrainMQ.Grains.LogStore;
using GrainMQ.Silo;
using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Configuration;

/// <summary>Holds every setting of a gateway; each section is a class beside what it configures. Read once at start-up, then not written.</summary>
public sealed class GatewayOptions
{
    /// <summary>The listeners, each with a name. Default: <c>tcp</c> on 127.0.0.1:1883 and <c>ws</c> on 127.0.0.1:8083.</summary>
    public IList<ListenerOptions> Listeners { get; } =
    [
        new() { Name = "tcp", Kind = ListenerKind.Tcp, Address = "127.0.0.1:1883" },
        new() { Name = "ws", Kind = ListenerKind.Ws, Address = "127.0.0.1:8083" },
    ];

    public RoleOptions Cluster { get; } = new();

    public TlsOptions Tls { get; } = new();

    public QuicOptions Quic { get; } = new();

    public SecurityOptions Security { get; } = new();

    public ConnectionOptions Connections { get; } = new();

    public OutboundOptions Outbound { get; } = new();

    public MemoryOptions Memory { get; } = new();

    public DeliveryOptions Delivery { get; } = new();

    public LogStoreOptions Store { get; } = new();

    public GrainOptions Grains { get; } = new();

    public DataOptions Data { get; } = new();

    public LogOptions Log { get; } = new();

    /// <summary>Returns the options of the silo in the same process.</summary>
    internal SiloOptions ToSilo() => new() { Store = Store, Grains = Grains, Data = Data, Log = Log };
}
