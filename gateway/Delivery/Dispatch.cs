using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Delivery;

/// <summary>
/// The dispatch of one read of one connection: all its packets are dispatched before anything is flushed. Keeps the acknowledgements that wait,
/// in the order of the packets, and what counts against the client's quota meanwhile. Rented for each read, and one is kept for each thread.
/// </summary>
internal sealed class Dispatch
{
    /// <summary>
    /// Subscriptions that one read may match before others get their turn: some milliseconds, and enough for the packets of one read to a few hundred
    /// subscribers, which go out together.
    /// </summary>
    private const int FairShare = 16_384;

    [ThreadStatic] private static Dispatch? _spare;

    private readonly List<PendingAck> _acks = [];

    /// <summary>What the packets set off.</summary>
    public Burst Burst { get; } = new();

    /// <summary>Acknowledgements that wait for a commit, and those behind them. [MQTT-4.6.0-2] [MQTT-4.6.0-3]</summary>
    public IReadOnlyList<PendingAck> PendingAcks => _acks;

    /// <summary>QoS 1 publications of this read that are not acknowledged yet: they count against Receive Maximum.</summary>
    public int UnacknowledgedQoS1 { get; set; }

    /// <summary>Whether this read brought a QoS 0 publication: under memory pressure its sender waits.</summary>
    public bool HasQoS0 { get; set; }

    /// <summary>Subscriptions that the publications since the last turn have matched.</summary>
    public int Matched { get; set; }

    /// <summary>Whether this read has had its share, and others are to get their turn.</summary>
    public bool IsLong => Matched >= FairShare;

    public static Dispatch Rent()
    {
        var dispatch = _spare ?? new Dispatch();
        _spare = null;
        return dispatch;
    }

    /// <summary>After <see cref="Flush"/>, when the acknowledgements are answered. Not after an exception.</summary>
    public void Return()
    {
        _acks.Clear();
        (UnacknowledgedQoS1, HasQoS0, Matched) = (0, false, 0);
        _spare = this;
    }

    /// <summary>Answers a packet, at once or when what it waits for is committed; in the order of the packets.</summary>
    /// <param name="connection">The connection that sent the packet.</param>
    /// <param name="type">PUBACK, PUBREC or PUBCOMP.</param>
    /// <param name="packetId">Of the packet.</param>
    /// <param name="reason">What the answer says if the commit succeeds.</param>
    /// <param name="commit">What has to be stored first; null: nothing.</param>
    public void Answer(Connection connection, PacketType type, ushort packetId, ReasonCode reason, Task<SessionResult>? commit)
    {
        if (commit is null && _acks.Count == 0)
        {
            connection.Reply(OutboundFrame.Ack(type, packetId, reason));
        }
        else
        {
            _acks.Add(new PendingAck(type, packetId, reason, commit));
        }
    }

    /// <summary>Sends what the packets so far have set off; the acknowledgements that wait are the caller's.</summary>
    public void Flush() => Burst.Flush();
}

/// <summary>An acknowledgement that waits.</summary>
/// <param name="Type">PUBACK, PUBREC or PUBCOMP.</param>
/// <param name="PacketId">Of the packet that it answers.</param>
/// <param name="Reason">What it says if the commit succeeds.</param>
/// <param name="Commit">Null: it only waits for those before it.</param>
internal readonly record struct PendingAck(PacketType Type, ushort PacketId, ReasonCode Reason, Task<SessionResult>? Commit);
