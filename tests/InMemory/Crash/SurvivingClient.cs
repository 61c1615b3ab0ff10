using System.Text;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Model;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>
/// A client that outlives its broker, keeps what the specification asks it to keep, and holds the broker to every acknowledgement. This part
/// speaks; <c>SurvivingClient.Receiving.cs</c> listens.
/// </summary>
internal sealed partial class SurvivingClient(string id, ProtocolVersion version, CrashRound round)
{
    private const int Window = 8;
    private const string WillTopic = "m/will";

    private static readonly string[] Topics = ["m/0", "m/1", "m/x/y"];
    private static readonly string[] Filters = ["m/#", "m/+", "m/0", "m/1", "m/x/+"];

    private readonly List<Publication> _publications = [];
    private readonly Dictionary<ushort, (PacketType Answer, List<ModelSubscription> Made, List<ModelSubscription> Ended)> _requests = [];
    private MemoryClient? _connection;
    private Presence _presence = Presence.None;
    private DateTimeOffset _lostAt;
    private DateTimeOffset _aliveAt;
    private bool _mustStartClean;
    private bool _isCleanStart;
    private bool _isDurable;
    private int _receiveMaximum;
    private ModelMessage? _will;
    private uint _willDelay;
    private (MemoryClient Connection, ModelMessage? Will, bool IsGoodbye)? _left;
    private ushort _lastId;

    private enum Presence
    {
        None,
        Kept,

        /// <summary>The broker died, or refused, before it said whether there is a session; or its time may be over.</summary>
        Unknown,
    }

    public string Id => id;

    /// <summary>Null when none can be there.</summary>
    public ModelSession? Session { get; private set; }

    public bool IsConnected => _connection is not null;

    /// <summary>The broker has a session of this client for certain.</summary>
    public bool HasSession => !HasEndedWithItsConnection && (_isConnacked || (_presence == Presence.Kept && !MayHaveExpired));

    /// <summary>The broker has still to answer something.</summary>
    public bool IsWaiting => _connection is not null && (!_isConnacked || _requests.Count > 0 || _publications.Count > 0);

    /// <summary>The broker has closed the connection, which the client has still to notice, and no session outlives it.</summary>
    private bool HasEndedWithItsConnection => !_isDurable && _connection is { Transport.IsClosedByServer: true };

    private bool MayHaveExpired => round.Time - _lostAt >= TimeSpan.FromSeconds(CrashPlan.Expiry);

    /// <summary>Says something.</summary>
    public void Act(Random random)
    {
        if (_connection is null)
        {
            Connect(cleanStart: random.Next(15) == 0, random);
            return;
        }

        if (!_isConnacked)
        {
            return;
        }

        switch (random.Next(24))
        {
            case < 11: Publish(random.Next(1, 5), random); break;
            case < 14: Subscribe(random); break;
            case 14: Unsubscribe(random); break;
            case < 20: Acknowledge(random.Next(1, 5)); break;
            case 20: Disconnect(random); break;
            case 21: Drop(); break;
            case 22: Connect(cleanStart: random.Next(10) == 0, random); break; // takes itself over
            default: Acknowledge(int.MaxValue); break;
        }
    }

    /// <summary>Comes back if it may have a session.</summary>
    public void Return(Random random)
    {
        if (_connection is null && Session is not null)
        {
            Connect(cleanStart: false, random);
        }
    }

    /// <summary>Acknowledges everything; false: there was nothing.</summary>
    public bool Finish() => Acknowledge(int.MaxValue) > 0;

    public void Drop()
    {
        _connection?.Drop();
        LoseConnection(isGoodbye: false);
    }

    /// <summary>What its subscriptions have to get, or not: one message on every topic.</summary>
    public void Probe()
    {
        foreach (var topic in Topics)
        {
            Publish(topic, QoS.AtLeastOnce, retain: false, expires: false);
        }
    }

    public void Goodbye(Random random)
    {
        if (_isConnacked)
        {
            Disconnect(random, mayEnd: false);
        }
    }

    private void Connect(bool cleanStart, Random random)
    {
        var old = _connection;
        LoseConnection(isGoodbye: false);
        NoticeExpiry();
        if (_left is { Connection.Transport.IsClosedByServer: false, Will: { } will, IsGoodbye: true })
        {
            round.Oracle.Release(will, isOwed: false, mayRepeat: false); // it was not read to its end yet: CONNECT may come first, and take it over
        }

        _left = null;
        (_connection, _aliveAt) = (round.Open(), round.Time);
        _connection.Version = version;
        var isV5 = version == ProtocolVersion.Mqtt5;
        _isCleanStart = cleanStart || _mustStartClean;
        _isDurable = isV5 ? random.Next(8) > 0 : !_isCleanStart;
        _receiveMaximum = isV5 && random.Next(2) == 0 ? random.Next(1, 6) : ushort.MaxValue;
        if (_isCleanStart)
        {
            round.Oracle.Tick();
            Session?.Doubt();
        }

        var properties = new PropertyList { { PropertyId.SessionExpiryInterval, _isDurable ? CrashPlan.Expiry : 0 } };
        if (_receiveMaximum < ushort.MaxValue)
        {
            properties.Add(PropertyId.ReceiveMaximum, (uint)_receiveMaximum);
        }

        Say($"CONNECT clean {_isCleanStart}, durable {_isDurable}, Receive Maximum {_receiveMaximum}", ClientPackets.Connect(
            version, id, _isCleanStart, will: Will(random), properties: properties));
        old?.Drop();
    }

    private ClientWill? Will(Random random)
    {
        _will = random.Next(3) == 0 ? round.Oracle.Will(id, WillTopic) : null;
        if (_will is null)
        {
            return null;
        }

        round.Note($"{id}   will {_will.Payload}");
        _willDelay = version == ProtocolVersion.Mqtt5 && random.Next(3) == 0 ? 5u : 0;
        var properties = _willDelay == 0 ? null : new PropertyList { { PropertyId.WillDelayInterval, _willDelay } };
        return new ClientWill(WillTopic, Encoding.UTF8.GetBytes(_will.Payload), _will.QoS, Properties: properties);
    }

    private void Publish(int count, Random random)
    {
        for (; count > 0 && _publications.Count < Window; count--)
        {
            var isAside = random.Next(10) == 0; // retained messages that come and go, for new subscribers only
            Publish(
                isAside ? $"r/{random.Next(2)}" : Topics[random.Next(Topics.Length)], isAside ? QoS.AtLeastOnce : (QoS)random.Next(1, 3),
                isAside || random.Next(6) == 0, expires: random.Next(12) == 0, isClear: isAside && random.Next(3) == 0);
        }
    }

    private void Publish(string topic, QoS qos, bool retain, bool expires, bool isClear = false)
    {
        var message = isClear ? round.Oracle.Clear(id, topic) : round.Oracle.Publish(id, topic, qos, retain);
        var publication = new Publication(message, NextId(), expires && !retain && version == ProtocolVersion.Mqtt5);
        if (publication.Expires)
        {
            round.Oracle.Expire(message, round.Time + Publication.Lifetime);
        }

        _publications.Add(publication);
        Send(publication, dup: false);
    }

    private void Send(Publication publication, bool dup)
    {
        var (message, packetId) = (publication.Message, publication.PacketId);
        if (publication.IsReceived)
        {
            Say($"PUBREL {packetId}", ClientPackets.Pubrel(packetId, version));
            return;
        }

        var isClear = round.Oracle.IsClear(message);
        var properties = publication.Expires ? new PropertyList { { PropertyId.MessageExpiryInterval, (uint)Publication.Lifetime.TotalSeconds } } : null;
        publication.Sent++;
        if (round.IsShortOfSpace)
        {
            round.Oracle.MayBeRefused(message);
        }

        Say(
            $"PUBLISH {packetId} {message}{(message.Retain ? ", retained" : "")}{(isClear ? ", empty" : "")}{(dup ? ", DUP" : "")}",
            ClientPackets.Publish(message.Topic, isClear ? "" : message.Payload, message.QoS, packetId, message.Retain, dup, version, properties));
    }

    private void Subscribe(Random random)
    {
        if (Session is not { } session || _requests.Count > 3)
        {
            return;
        }

        var made = new List<ModelSubscription>();
        for (var i = random.Next(2); i >= 0; i--)
        {
            var filter = Filters[random.Next(Filters.Length)];
            if (!made.Exists(one => one.Filter == filter))
            {
                made.Add(new ModelSubscription(
                    filter, null, (QoS)random.Next(3), version == ProtocolVersion.Mqtt5 && random.Next(6) == 0, 0, round.Oracle.Tick()));
            }
        }

        var ended = session.Subscriptions.FindAll(old => old.EndedAt == ModelMessage.Never && made.Exists(one => one.Filter == old.Filter));
        ended.ForEach(old => old.DoubtedAt = Math.Min(old.DoubtedAt, round.Oracle.Now));
        session.Subscriptions.AddRange(made);
        var packetId = NextId();
        _requests[packetId] = (PacketType.Suback, made, ended);
        var entries = made.Select(one => (
            one.Filter, version == ProtocolVersion.Mqtt5 ? ClientPackets.SubscribeOptions(one.QoS, one.NoLocal) : (byte)one.QoS)).ToArray();
        Say(
            $"SUBSCRIBE {packetId} {string.Join(", ", made.Select(one => $"{one.Filter} at QoS {(int)one.QoS}{(one.NoLocal ? " No Local" : "")}"))}",
            ClientPackets.Subscribe(packetId, entries, version));
    }

    private void Unsubscribe(Random random)
    {
        var held = Session?.Subscriptions.FindAll(one => one.EndedAt == ModelMessage.Never);
        if (held is not { Count: > 0 })
        {
            return;
        }

        var filter = held[random.Next(held.Count)].Filter;
        var ended = held.FindAll(one => one.Filter == filter);
        round.Oracle.Tick();
        ended.ForEach(one => one.DoubtedAt = Math.Min(one.DoubtedAt, round.Oracle.Now));
        var packetId = NextId();
        _requests[packetId] = (PacketType.Unsuback, [], ended);
        Say($"UNSUBSCRIBE {packetId} {filter}", ClientPackets.Unsubscribe(packetId, filter, version));
    }

    private void Disconnect(Random random, bool mayEnd = true)
    {
        var ends = mayEnd && version == ProtocolVersion.Mqtt5 && random.Next(4) == 0;
        Say($"DISCONNECT{(ends ? " and end" : "")}", ends
            ? ClientPackets.Disconnect(version, properties: new PropertyList { { PropertyId.SessionExpiryInterval, 0 } })
            : ClientPackets.Disconnect(version));
        LoseConnection(isGoodbye: true);
        if (ends && _presence == Presence.Kept)
        {
            _presence = Presence.Unknown; // the broker may die before it has read it
            round.Oracle.Tick();
            Session?.Doubt();
        }
    }

    /// <summary>What was on its way may be lost; what the session holds is not.</summary>
    private void LoseConnection(bool isGoodbye)
    {
        if (_connection is null)
        {
            return;
        }

        round.Note($"{id} is gone");
        _left = (_connection, _will, isGoodbye);
        if (_isConnacked)
        {
            _lostAt = _connection.Transport.IsClosedByServer ? _aliveAt : round.Time; // the broker counts from the end that it made, noticed or not
        }

        _connection = null;
        Session?.LoseConnection();
        LoseWill(isGoodbye);
        if (!_isConnacked)
        {
            ConnectUnanswered();
        }
        else if (!_isDurable)
        {
            EndSession();
        }

        _isConnacked = false;
        _owed.Clear();
        _requests.Clear();
        _unfinished.Clear();
        _acknowledged.Clear(); // whether the broker has read them is unknown
    }

    private void LoseWill(bool isGoodbye)
    {
        if (_will is { } will)
        {
            if (isGoodbye)
            {
                round.Oracle.Discard(will);
            }
            else
            {
                // one with a delay is not owed: the client may be back before
                round.Oracle.Release(will, isOwed: _isConnacked && _willDelay == 0, mayRepeat: round.IsDead);
                if (round.IsShortOfSpace)
                {
                    round.Oracle.MayComeTwiceUnstored(will);
                }
            }
        }

        _will = null;
    }

    /// <summary>The session may have ended, at the time of CONNECT or while it waited for the broker.</summary>
    private void NoticeExpiry()
    {
        if (_presence == Presence.Kept && MayHaveExpired)
        {
            _presence = Presence.Unknown;
        }
    }

    /// <summary>The broker may have done what CONNECT asked for, or not.</summary>
    private void ConnectUnanswered()
    {
        NoticeExpiry();
        var mayBeAnother = _isCleanStart ? _presence != Presence.None : _isDurable && _presence == Presence.Unknown;
        if (mayBeAnother)
        {
            _mustStartClean = true; // whose messages a session would have is not known
        }

        if (_presence != Presence.None || _isDurable)
        {
            _presence = _isDurable && !_isCleanStart && _presence == Presence.Kept ? Presence.Kept : Presence.Unknown;
        }
    }

    private void EndSession()
    {
        Session?.End();
        (Session, _presence) = (null, Presence.None);
        _publications.Clear();
    }

    private void Say(string what, byte[] packet)
    {
        round.Note($"{id} > {what}");
        _connection?.Send(packet);
    }

    private ushort NextId()
    {
        do
        {
            _lastId = (ushort)(_lastId % 30 + 1);
        }
        while (_publications.Exists(one => one.PacketId == _lastId) || _requests.ContainsKey(_lastId));

        return _lastId;
    }

    private sealed class Publication(ModelMessage message, ushort packetId, bool expires)
    {
        public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(20);

        public ModelMessage Message => message;

        public ushort PacketId => packetId;

        public bool Expires => expires;

        /// <summary>PUBREC has come.</summary>
        public bool IsReceived { get; set; }

        /// <summary>How often PUBLISH was sent.</summary>
        public int Sent { get; set; }
    }
}
