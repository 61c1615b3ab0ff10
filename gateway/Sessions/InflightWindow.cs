using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// QoS 1 and 2 deliveries that the client has not finished. Packet Identifiers are given in order, so an identifier is a place in a
/// ring that starts at the oldest open one: lookup is a subtraction, and order of sending is order in the ring. Holes are
/// deliveries that were acknowledged before older ones. It counts; <see cref="OutboundDelivery"/> keeps the count within the client's Receive
/// Maximum.
/// </summary>
internal sealed class InflightWindow
{
    private const int Identifiers = ushort.MaxValue; // 1..65535; 0 is not an identifier [MQTT-2.2.1-3]

    private Entry[] _ring = [];
    private int _start;      // ring index of the oldest open delivery
    private int _oldest = 1; // its Packet Identifier
    private int _span;       // identifiers from the oldest open one to the newest, holes included

    /// <summary>Deliveries that are open.</summary>
    public int Count { get; private set; }

    /// <summary>Deliveries of an earlier connection that were not yet sent on this one: they do not count against its Receive Maximum.</summary>
    public int PendingResends { get; private set; }

    public bool HasIdentifier => _span < Identifiers;

    /// <summary>Opens a delivery under the next Packet Identifier. [MQTT-2.2.1-4]</summary>
    public ushort Add(in QueuedDelivery delivery)
    {
        var packetId = IdentifierAt(_span);
        Place(_span, delivery, DeliveryStage.Published);
        return packetId;
    }

    /// <summary>Takes over the deliveries of an earlier connection under their identifiers, in any order. Only while none is open.</summary>
    public void Restore(IReadOnlyList<(QueuedDelivery Delivery, DeliveryStage Stage)> open)
    {
        _oldest = open.Count > 0 ? OldestOf([.. open.Select(static entry => entry.Delivery.PacketId).Order()]) : _oldest;
        foreach (var (delivery, stage) in open)
        {
            Place(Distance(delivery.PacketId), delivery, stage);
        }
    }

    public bool TryGetStage(ushort packetId, out DeliveryStage stage)
    {
        var distance = Distance(packetId);
        stage = packetId != 0 && distance < _span ? At(distance).Stage : DeliveryStage.None;
        return stage != DeliveryStage.None;
    }

    /// <summary>As <see cref="TryGetStage"/>, but only for what has left: the client cannot acknowledge anything else.</summary>
    public bool TryGetSent(ushort packetId, out DeliveryStage stage) => TryGetStage(packetId, out stage) && stage != DeliveryStage.Unsent;

    /// <summary>Whether an open delivery is one of <see cref="PendingResends"/>.</summary>
    public bool IsPendingResend(ushort packetId) => At(Distance(packetId)).NeedsResend;

    /// <summary>What an open delivery is that has left, without its message.</summary>
    public bool TryPeek(ushort packetId, out QoS qos, out long sequence)
    {
        var isOpen = TryGetSent(packetId, out _);
        (qos, sequence) = isOpen ? (At(Distance(packetId)).Delivery.QoS, At(Distance(packetId)).Delivery.Sequence) : default;
        return isOpen;
    }

    /// <summary>An open delivery; without its message once it was released.</summary>
    public QueuedDelivery DeliveryOf(ushort packetId)
    {
        var delivery = At(Distance(packetId)).Delivery;
        delivery.PacketId = packetId;
        return delivery;
    }

    /// <summary>PUBACK, PUBCOMP, or a PUBREC that refuses: the identifier is free again.</summary>
    public bool Remove(ushort packetId, out QueuedDelivery delivery)
    {
        if (!TryGetStage(packetId, out _))
        {
            delivery = default;
            return false;
        }

        delivery = At(Distance(packetId)).Delivery;
        Remove(packetId);
        return true;
    }

    /// <summary>The same for one that is open.</summary>
    public void Remove(ushort packetId)
    {
        ref var entry = ref At(Distance(packetId));
        PendingResends -= entry.NeedsResend ? 1 : 0;
        entry = default;
        Count--;
        while (_span > 0 && At(0).Stage == DeliveryStage.None)
        {
            _start = (_start + 1) & (_ring.Length - 1);
            _oldest = _oldest == Identifiers ? 1 : _oldest + 1;
            _span--;
        }
    }

    /// <summary>PUBREC: the message is the client's now, only PUBREL remains to be sent.</summary>
    public void Release(ushort packetId)
    {
        ref var entry = ref At(Distance(packetId));
        entry.Stage = DeliveryStage.Released;
        entry.Delivery.Message = default;
    }

    /// <summary>The PUBLISH never reached the wire: it is sent as a first delivery, without DUP.</summary>
    public void MarkUnsent(ushort packetId)
    {
        if (TryGetStage(packetId, out var stage) && stage == DeliveryStage.Published)
        {
            At(Distance(packetId)).Stage = DeliveryStage.Unsent;
        }
    }

    /// <summary>The PUBLISH leaves now.</summary>
    public void MarkSent(ushort packetId) => At(Distance(packetId)).Stage = DeliveryStage.Published;

    /// <summary>After a reconnect every open delivery is sent again, in order. [MQTT-4.4.0-1]</summary>
    public void MarkAllForResend()
    {
        PendingResends = 0;
        for (var place = 0; place < _span; place++)
        {
            ref var entry = ref At(place);
            entry.NeedsResend = entry.Stage != DeliveryStage.None;
            PendingResends += entry.NeedsResend ? 1 : 0;
        }
    }

    /// <summary>The oldest delivery that is still to be sent again.</summary>
    public bool TryTakeResend(out QueuedDelivery delivery, out DeliveryStage stage)
    {
        for (var place = 0; PendingResends > 0 && place < _span; place++)
        {
            ref var entry = ref At(place);
            if (entry.NeedsResend)
            {
                entry.NeedsResend = false;
                PendingResends--;
                delivery = entry.Delivery;
                delivery.PacketId = IdentifierAt(place);
                stage = entry.Stage;
                entry.Stage = stage == DeliveryStage.Unsent ? DeliveryStage.Published : stage;
                return true;
            }
        }

        delivery = default;
        stage = DeliveryStage.None;
        return false;
    }

    /// <summary>All open deliveries in the order of sending.</summary>
    public IEnumerable<(QueuedDelivery Delivery, DeliveryStage Stage)> Open()
    {
        for (var place = 0; place < _span; place++)
        {
            var entry = At(place);
            if (entry.Stage != DeliveryStage.None)
            {
                entry.Delivery.PacketId = IdentifierAt(place);
                yield return (entry.Delivery, entry.Stage);
            }
        }
    }

    public void Clear()
    {
        _ring = [];
        _start = _span = Count = PendingResends = 0;
    }

    /// <summary>Identifiers were given in a row, so the oldest one follows the widest gap of the circle.</summary>
    private static ushort OldestOf(ushort[] ascending)
    {
        int oldest = 0, widest = ascending[0] - ascending[^1] + Identifiers;
        for (var i = 1; i < ascending.Length; i++)
        {
            var gap = ascending[i] - ascending[i - 1];
            (oldest, widest) = gap > widest ? (i, gap) : (oldest, widest);
        }

        return ascending[oldest];
    }

    private void Place(int distance, in QueuedDelivery delivery, DeliveryStage stage)
    {
        if (distance >= _ring.Length)
        {
            Grow(distance + 1);
        }

        _span = Math.Max(_span, distance + 1);
        ref var entry = ref At(distance);
        entry.Delivery = delivery;
        entry.Stage = stage;
        Count++;
    }

    private void Grow(int atLeast)
    {
        var ring = new Entry[Math.Max(8, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)atLeast))];
        for (var i = 0; i < _span; i++)
        {
            ring[i] = At(i);
        }

        (_ring, _start) = (ring, 0);
    }

    private ref Entry At(int distance) => ref _ring[(_start + distance) & (_ring.Length - 1)];

    private int Distance(ushort packetId) => packetId >= _oldest ? packetId - _oldest : packetId - _oldest + Identifiers;

    private ushort IdentifierAt(int distance)
    {
        var identifier = _oldest + distance;
        return (ushort)(identifier > Identifiers ? identifier - Identifiers : identifier);
    }

    private struct Entry
    {
        public QueuedDelivery Delivery;
        public DeliveryStage Stage;
        public bool NeedsResend;
    }
}

internal enum DeliveryStage : byte
{
    None,
    /// <summary>Has an identifier, but its PUBLISH was not written to the current or any earlier connection.</summary>
    Unsent,
    /// <summary>PUBLISH written; PUBACK or PUBREC is awaited.</summary>
    Published,
    /// <summary>PUBREC received, PUBREL written; PUBCOMP is awaited.</summary>
    Released,
}
