using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Sockets.NullFrames;

/// <summary>Puts frames without bytes into a client's outbound queue: every kind in turn, on average one in a thousand frames, from a seed.</summary>
internal sealed class NullFrameInjector(SocketGateway gateway, string clientId, int seed)
{
    public const int OneIn = 1000;

    private static readonly OutboundFrame[] NullFrames =
    [
        default,
        new() { Kind = FrameKind.Packet, Type = PacketType.Pingresp },
        OutboundFrame.Of(PacketType.Suback, []),
        OutboundFrame.Ack(PacketType.Puback, packetId: 0, ReasonCode.Success),
        OutboundFrame.Publish(default),
    ];

    private readonly Random _random = new(seed);
    private int _countdown = new Random(seed).Next(1, OneIn);
    private Connection? _ending;

    /// <summary>How many went into a queue.</summary>
    public int Injected { get; private set; }

    /// <summary>Called before a frame goes in.</summary>
    public Action OnInjecting { get; init; } = static () => { };

    /// <summary>One frame more has passed.</summary>
    public void OnFrame()
    {
        if (--_countdown > 0)
        {
            return;
        }

        var connection = gateway.Connections.All.FirstOrDefault(connection => connection.Client.Id == clientId && !connection.IsClosing);
        if (connection is null || connection == _ending)
        {
            return; // the last one has ended this connection, or is about to
        }

        _countdown = _random.Next(1, 2 * OneIn);
        OnInjecting();
        if (!connection.Outbound.TryEnqueue(NullFrames[Injected % NullFrames.Length]))
        {
            return;
        }

        _ending = connection;
        Injected++;
        connection.FlushOutbound();
    }
}
