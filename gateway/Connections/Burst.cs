using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// What one read of one connection sets in motion: all its packets are dispatched before anything is flushed, so that a subscriber is
/// woken once per burst and not once per message. Holds the scratch memory of dispatching; rented per burst, one per thread.
/// </summary>
internal sealed class Burst
{
    [ThreadStatic] private static Burst? _spare;

    private readonly List<Connection> _woken = [];
    private readonly List<PendingAck> _acks = [];

    /// <summary>What goes to the store.</summary>
    public StoreGathering Gathering { get; } = new();

    /// <summary>Where the router puts the receivers of the message in hand.</summary>
    public List<Receiver> Receivers { get; } = [];

    /// <summary>The ticket of the shard batch that the message in hand went into; null when nothing has to be awaited for it.</summary>
    public Task<SessionResult>? Ticket { get; set; }

    /// <summary>Set for a QoS 2 publication of a session that outlives its connection, see <see cref="MessageOrigin"/>.</summary>
    public MessageOrigin? Origin { get; set; }

    /// <summary>Acknowledgements that wait for tickets. MQTT-4.6.0-2: those behind them wait too.</summary>
    public IReadOnlyList<PendingAck> Acks => _acks;

    /// <summary>QoS 1 publications of this burst that are not acknowledged yet: they count against Receive Maximum.</summary>
    public int UnacknowledgedQoS1 { get; set; }

    /// <summary>Whether this burst brought a QoS 0 publication: under memory pressure its sender waits.</summary>
    public bool HasQoS0 { get; set; }

    public static Burst Rent()
    {
        var burst = _spare ?? new Burst();
        _spare = null;
        return burst;
    }

    public void Return()
    {
        _acks.Clear();
        Ticket = null;
        Origin = null;
        UnacknowledgedQoS1 = 0;
        HasQoS0 = false;
        _spare = this;
    }

    /// <summary>The connection has something to write; it is woken when the burst ends.</summary>
    public void Wake(Connection connection)
    {
        if (connection.TryMarkWoken())
        {
            _woken.Add(connection);
        }
    }

    /// <summary>After a message was routed: it is whole. The acknowledgement waits for it.</summary>
    public void StoreAll()
    {
        Ticket = Ticket.And(Gathering.Commit(Origin));
    }

    public void Await(ILane lane, Task<SessionResult> ticket)
    {
        Ticket = Ticket.And(ticket);
        Gathering.FlushLater(lane);
    }

    /// <summary>
    /// Answers a packet, at once or when what it waits for is stored; in the order of the packets. [MQTT-4.6.0-2] [MQTT-4.6.0-3]
    /// </summary>
    public void Answer(Connection connection, PacketType type, ushort packetId, ReasonCode reason)
    {
        if (Ticket is null && _acks.Count == 0)
        {
            connection.Reply(OutboundFrame.Ack(type, packetId, reason));
        }
        else
        {
            _acks.Add(new PendingAck(type, packetId, reason, Ticket));
        }
    }

    /// <summary>Sets everything off; the acknowledgements that wait are the caller's.</summary>
    public void Flush()
    {
        StoreAll();
        Gathering.Flush();

        for (var i = 0; i < _woken.Count; i++)
        {
            _woken[i].FlushWoken();
        }

        _woken.Clear();
    }

    internal readonly record struct PendingAck(PacketType Type, ushort PacketId, ReasonCode Reason, Task<SessionResult>? Ticket);
}
