using System.Diagnostics.Metrics;
using System.Net.WebSockets;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Sockets.NullFrames;

/// <summary>
/// Invariant I1: a null frame in the outbound queue ends the connection, is logged and counted once, deactivates the session's grain,
/// and loses nothing that was acknowledged. On the silo of the product; the broker's clock stands still, so that no grace can run out on a slow machine.
/// </summary>
public sealed class NullFrameTests : IAsyncLifetime
{
    private const int NullFrameEvent = 4310;
    private const int Frames = 6 * NullFrameInjector.OneIn;

    private readonly ActivationLog _activations = new();
    private SocketGateway? _gateway;
    private Activation? _used;
    private int _ended;

    private SocketGateway Gateway => _gateway ?? throw new InvalidOperationException("The broker is not started.");

    private ISessionGrain Session =>
        Gateway.Services.GetRequiredService<IGrainFactory>().GetGrain<ISessionGrain>(SessionRegistry.KeyOf(LoopClient.ClientId));

    public async ValueTask InitializeAsync()
    {
        _gateway = await SocketGateway.StartAsync(
            new ManualTimeProvider(), replace: services => services.AddSingleton<IConfigureGrainContextProvider>(_activations));
        _gateway.ExpectError(NullFrameEvent);
    }

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();

    [Theory, MemberData(nameof(Matrix.WithQoS), MemberType = typeof(Matrix))]
    public async Task NullFramesEndConnectionsAndLoseNothing(ProtocolVersion version, ListenerKind transport, QoS qos)
    {
        using var metrics = new MetricRecorder(Gateway.Services.GetRequiredService<IMeterFactory>());
        await using var witness = await WitnessAsync();
        await Session.GetInfoAsync();
        var injector = new NullFrameInjector(Gateway, LoopClient.ClientId, Seed(version, transport, qos))
        {
            OnInjecting = () => _used = _activations.Alive(Session).Single(), // which is in use when the null frame comes
        };
        var messages = Frames / FramesPerMessage(qos);
        var client = new LoopClient(Gateway, transport, version, qos, messages)
        {
            OnPacket = injector.OnFrame,
            OnEnded = CheckEndAsync,
        };

        await client.RunAsync();

        Assert.InRange(injector.Injected, 2, Frames);
        Assert.Equal(injector.Injected, _ended);
        Assert.Equal(injector.Injected, Gateway.Log.Lines.Count(line => line.EventId == NullFrameEvent));
        Assert.Equal(injector.Injected, metrics.Sum("mqtt_null_outbound_frames_total"));
        Assert.Equal(injector.Injected, metrics.Sum("mqtt_connections_closed_total", nameof(CloseCause.NullOutboundFrame)));
        CheckDeliveries(client, qos, messages);
        await CheckWitnessAsync(witness, injector.Injected);
    }

    /// <summary>Another client, which is not touched and gets the wills.</summary>
    private async Task<RawClient> WitnessAsync()
    {
        var witness = await RawClient.ConnectAsync(Gateway, ListenerKind.Tcp, ProtocolVersion.Mqtt5, "witness");
        await witness.SendAsync(ClientPackets.Subscribe(1, LoopClient.WillTopic, QoS.AtMostOnce));
        await witness.ReceiveAsync(PacketType.Suback);
        return witness;
    }

    private static async Task CheckWitnessAsync(RawClient witness, int wills)
    {
        for (var will = 0; will < wills; will++)
        {
            Assert.Equal(LoopClient.WillTopic, (await witness.ReceiveAsync(PacketType.Publish)).Topic);
        }
    }

    private async Task CheckEndAsync(RawClient client, ServerPacket? last)
    {
        _ended++;
        if (client.Version == ProtocolVersion.Mqtt5)
        {
            Assert.Equal((PacketType.Disconnect, ReasonCode.ImplementationSpecificError), (last?.Type, last?.Reason));
        }

        if (client.CloseStatus is { } status)
        {
            Assert.Equal(WebSocketCloseStatus.InternalServerError, status); // 1011
        }

        await client.DisposeAsync();

        var used = _used ?? throw new InvalidOperationException("There was no null frame.");
        await used.Deactivated.OrStuck("the session's grain to deactivate");
        await used.Gone.OrStuck("the silo to forget it");
        var info = await Session.GetInfoAsync();
        Assert.True(info.Exists);
        Assert.Null(info.Owner);
    }

    private static void CheckDeliveries(LoopClient client, QoS qos, int messages)
    {
        Assert.Subset(Enumerable.Range(0, messages).ToHashSet(), client.Received.ToHashSet());
        if (qos == QoS.AtMostOnce)
        {
            Assert.Equal(client.Received.Count, client.Received.Distinct().Count());
            return;
        }

        Assert.Empty(client.Acknowledged.Except(client.Received));
        if (qos == QoS.ExactlyOnce)
        {
            Assert.Equal(Enumerable.Range(0, messages), client.Received); // once each, and in order
        }
    }

    /// <summary>What comes back to a client that publishes to itself.</summary>
    private static int FramesPerMessage(QoS qos) => qos switch
    {
        QoS.AtMostOnce => 2, // PUBLISH, PINGRESP
        QoS.AtLeastOnce => 2, // PUBLISH, PUBACK
        _ => 4, // PUBLISH, PUBREC, PUBREL, PUBCOMP
    };

    private static int Seed(ProtocolVersion version, ListenerKind transport, QoS qos) => ((int)version * 100) + ((int)transport * 10) + (int)qos;
}
