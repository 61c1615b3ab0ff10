using System.Text;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Model;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Fuzz;

/// <summary>
/// A client that keeps to the protocol, in an order of things that no author of a test would think of, and holds every packet of the server against
/// what it knows. This part speaks; <c>ModelClient.Receiving.cs</c> listens.
/// </summary>
internal sealed partial class ModelClient(string id, ModelRound round, Random random)
{
    private const string Shared = "s/#"; // only one: a member of two groups gets two copies

    private static readonly string[] Topics = ["m/0", "m/1", "m/x/y", "m/x", "s/0", "s/1"];
    private static readonly string[] Filters = ["m/#", "m/+", "m/0", "m/1", "m/x/+", "m/+/y", "m/x/#"];

    private readonly Dictionary<ushort, (ModelMessage Message, bool IsReceived)> _publications = [];
    private readonly Dictionary<ushort, (PacketType Answer, List<ModelSubscription> Made, List<ModelSubscription> Ended)> _requests = [];
    private MemoryClient? _connection;
    private MemoryClient? _left;
    private ushort _lastId;
    private ModelMessage? _will;
    private bool _isDurable;
    private int _receiveMaximum = ushort.MaxValue;

    public string Id { get; } = id;

    /// <summary>Null when there is none that outlives the connection.</summary>
    public ModelSession? Session { get; private set; }

    /// <summary>The server has still to answer something, or to read a DISCONNECT.</summary>
    public bool IsWaiting => _connection is null
        ? _left is { Transport.IsClosedByServer: false }
        : !_isConnacked || _requests.Count > 0 || _publications.Values.Any(publication => !publication.IsReceived);

    /// <summary>One step; true when the round has to settle before the next one.</summary>
    public bool Act()
    {
        if (_connection is null)
        {
            Connect(cleanStart: random.Next(4) == 0);
            return true;
        }

        switch (random.Next(22))
        {
            case < 8: Publish(); return false;
            case < 11: Subscribe(); return false;
            case 11: Unsubscribe(); return false;
            case < 17: Acknowledge(random.Next(1, 4)); return false;
            case 17: Say(ClientPackets.Pingreq()); _pings++; return false;
            case 18: Disconnect(); return true;
            case 19: Drop(); return random.Next(2) == 0;
            case 20 when random.Next(2) == 0: Connect(cleanStart: random.Next(4) == 0); return true; // takes itself over
            default: return true;
        }
    }

    /// <summary>Comes back if its session is there, and acknowledges everything until nothing more comes.</summary>
    public bool Finish()
    {
        if (_connection is null && Session is not null)
        {
            Connect(cleanStart: false);
            return true;
        }

        return Acknowledge(int.MaxValue) > 0;
    }

    /// <summary>Its network fails, for good.</summary>
    public void Leave()
    {
        _connection?.Drop();
        _connection = null;
    }

    /// <summary>So much time has passed that a session without a connection has expired.</summary>
    public void Expire()
    {
        if (_connection is null)
        {
            EndSession();
        }
    }

    private void Connect(bool cleanStart)
    {
        LoseConnection();
        _connection = round.Open();
        _connection.Version = random.Next(5) switch { 0 => ProtocolVersion.Mqtt31, 1 => ProtocolVersion.Mqtt311, _ => ProtocolVersion.Mqtt5 };
        _expectsSession = !cleanStart && Session is not null;
        var isV5 = _connection.Version == ProtocolVersion.Mqtt5;
        _isDurable = isV5 ? random.Next(3) > 0 : !cleanStart;
        _receiveMaximum = isV5 && random.Next(2) == 0 ? random.Next(1, 6) : ushort.MaxValue;
        var properties = new PropertyList
        {
            { PropertyId.SessionExpiryInterval, _isDurable ? ModelRound.Expiry : 0 },
            { PropertyId.TopicAliasMaximum, (uint)random.Next(3) },
        };
        if (_receiveMaximum < ushort.MaxValue)
        {
            properties.Add(PropertyId.ReceiveMaximum, (uint)_receiveMaximum);
        }

        _sentHere.Clear();
        _isConnacked = false;
        _will = random.Next(3) == 0 ? round.Publish(this, "m/will", QoS.AtLeastOnce, false, ModelMessage.Never) : null;
        var will = _will is null ? null : new ClientWill(_will.Topic, Encoding.UTF8.GetBytes(_will.Payload), _will.QoS);
        Say(ClientPackets.Connect(_connection.Version, Id, cleanStart, will: will, properties: properties));
    }

    private void Publish()
    {
        if (!_isConnacked || _publications.Count >= ModelRound.ReceiveMaximum || _connection is null)
        {
            return;
        }

        var qos = (QoS)random.Next(3);
        var packetId = qos == QoS.AtMostOnce ? (ushort)0 : NextId();
        var message = round.Publish(this, Topics[random.Next(Topics.Length)], qos, random.Next(6) == 0, round.Now);
        if (packetId != 0)
        {
            _publications[packetId] = (message, false);
        }

        Say(ClientPackets.Publish(message.Topic, message.Payload, qos, packetId, message.Retain, false, _connection.Version));
    }

    private void Subscribe()
    {
        if (!_isConnacked || _connection is null || Session is not { } session)
        {
            return;
        }

        var isV5 = _connection.Version == ProtocolVersion.Mqtt5;
        var identifier = isV5 && random.Next(2) == 0 ? (uint)random.Next(1, 200) : 0;
        var made = new List<ModelSubscription>();
        for (var i = random.Next(3); i >= 0; i--)
        {
            var isShared = random.Next(4) == 0;
            var filter = isShared ? Shared : Filters[random.Next(Filters.Length)];
            var one = new ModelSubscription(
                filter, isShared ? "g" : null, (QoS)random.Next(3), isV5 && !isShared && random.Next(5) == 0, identifier, round.Now);
            if (!made.Exists(other => other.Text == one.Text))
            {
                made.Add(one);
            }
        }

        var ended = session.Subscriptions.Where(old => old.EndedAt == ModelMessage.Never && made.Exists(one => one.Text == old.Text)).ToList();
        ended.ForEach(old => old.DoubtedAt = Math.Min(old.DoubtedAt, round.Now));
        session.Subscriptions.AddRange(made);
        var packetId = NextId();
        _requests[packetId] = (PacketType.Suback, made, ended);
        var entries = made.Select(one => (one.Text, isV5 ? ClientPackets.SubscribeOptions(one.QoS, one.NoLocal, random.Next(2) == 0) : (byte)one.QoS)).ToArray();
        var properties = identifier == 0 ? null : new PropertyList { { PropertyId.SubscriptionIdentifier, identifier } };
        Say(ClientPackets.Subscribe(packetId, entries, _connection.Version, properties));
    }

    private void Unsubscribe()
    {
        var held = Session?.Subscriptions.Where(one => one.EndedAt == ModelMessage.Never).ToList();
        if (!_isConnacked || _connection is null || held is not { Count: > 0 })
        {
            return;
        }

        var filter = held[random.Next(held.Count)].Text;
        var ended = held.Where(one => one.Text == filter).ToList();
        ended.ForEach(one => one.DoubtedAt = Math.Min(one.DoubtedAt, round.Now));
        var packetId = NextId();
        _requests[packetId] = (PacketType.Unsuback, [], ended);
        Say(ClientPackets.Unsubscribe(packetId, filter, _connection.Version));
    }

    private int Acknowledge(int most)
    {
        var done = 0;
        for (; done < most && _connection is not null && _owed.TryDequeue(out var owed); done++)
        {
            Say(owed.Bytes);
            if (owed.Ends is { } packetId && Session is { } session && session.Open.Remove(packetId, out var open) && open.Message is { } message)
            {
                _sent.Add(message);
            }
        }

        return done;
    }

    private void Disconnect()
    {
        if (_connection is null || !_isConnacked)
        {
            return;
        }

        var ends = _connection.Version == ProtocolVersion.Mqtt5 && random.Next(3) == 0;
        Say(ends
            ? ClientPackets.Disconnect(_connection.Version, properties: new PropertyList { { PropertyId.SessionExpiryInterval, 0 } })
            : ClientPackets.Disconnect(_connection.Version));
        _isDurable &= !ends;
        _will = null; // [MQTT-3.14.4-3]
        _left = _connection;
        LoseConnection();
    }

    private void Drop()
    {
        _connection?.Drop();
        LoseConnection();
    }

    /// <summary>What was on its way may be lost; what the session holds is not.</summary>
    private void LoseConnection()
    {
        if (_connection is null)
        {
            return;
        }

        round.Note($"{Id} is gone, {(_isDurable ? "its session stays" : "and its session")}");
        _connection = null;
        Session?.LoseConnection();
        round.Release(_will);
        _aliases.Clear();
        _owed.Clear();
        _sent.Clear(); // whether the server has read them is unknown
        _requests.Clear();
        _pings = 0;
        if (!_isDurable)
        {
            EndSession();
        }
    }

    private void EndSession()
    {
        Session?.End();
        Session = null;
        _publications.Clear();
    }

    private void Say(byte[] packet)
    {
        round.Note($"{Id} > {Convert.ToHexString(packet)}");
        _connection?.Send(packet);
    }

    private ushort NextId()
    {
        do
        {
            _lastId = (ushort)(_lastId % 100 + 1);
        }
        while (_publications.ContainsKey(_lastId) || _requests.ContainsKey(_lastId));

        return _lastId;
    }
}
