using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Model;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Fuzz;

internal sealed partial class ModelClient
{
    private readonly Queue<(byte[] Bytes, ushort? Ends)> _owed = [];
    private readonly List<ModelMessage> _sent = [];
    private readonly HashSet<ushort> _sentHere = [];
    private readonly Dictionary<uint, string> _aliases = [];
    private int _pings;
    private bool _isConnacked;
    private bool _expectsSession;

    /// <summary>Everything that was on its way has arrived: takes it, and mostly knows that the server has read what it sent.</summary>
    public void Receive()
    {
        if (_connection is null)
        {
            return;
        }

        foreach (var packet in _connection.TakePackets())
        {
            round.Note($"{Id} < {packet}");
            if (Wrong(packet) is { } fault)
            {
                throw new InvalidOperationException($"{Id} received {packet} {packet.Text}: {fault}");
            }
        }

        if (_connection.Transport.IsClosedByServer)
        {
            throw new InvalidOperationException($"{Id} was closed by the server, which had no reason to.");
        }

        if (round.ReadsAtOnce)
        {
            _sent.ForEach(message => Session?.Finish(message));
        }

        _sent.Clear();
    }

    private string? Wrong(ServerPacket packet) => packet.Type switch
    {
        PacketType.Connack => Connack(packet),
        _ when !_isConnacked => "CONNACK was to come first", // [MQTT-3.2.0-1]
        PacketType.Publish => Publish(packet),
        PacketType.Puback => Accepted(packet, QoS.AtLeastOnce),
        PacketType.Pubrec => Accepted(packet, QoS.ExactlyOnce),
        PacketType.Pubrel => Release(packet),
        PacketType.Pubcomp => _publications.Remove(packet.PacketId, out var done) && done.IsReceived ? null : "nothing to complete",
        PacketType.Suback or PacketType.Unsuback => Answered(packet),
        PacketType.Pingresp => --_pings >= 0 ? null : "nobody asked",
        _ => "the server had no reason to",
    };

    private string? Connack(ServerPacket packet)
    {
        if (_isConnacked || packet.Reason != ReasonCode.Success)
        {
            return "it was to be accepted once";
        }

        // 3.1 cannot say whether there is a session
        if (packet.SessionPresent != _expectsSession && _connection?.Version != ProtocolVersion.Mqtt31) // [MQTT-3.2.2-2] [MQTT-3.2.2-3]
        {
            return $"Session Present was to be {_expectsSession}";
        }

        _isConnacked = true;
        if (!_expectsSession)
        {
            EndSession();
        }

        Session ??= new ModelSession(Id, round);
        SendAgain();
        return null;
    }

    /// <summary>[MQTT-4.4.0-1]</summary>
    private void SendAgain()
    {
        foreach (var (packetId, (message, isReceived)) in _publications.OrderBy(pair => pair.Value.Message.Number))
        {
            message.Resend(round.Now);
            Say(isReceived
                ? ClientPackets.Pubrel(packetId, Version)
                : ClientPackets.Publish(message.Topic, message.Payload, message.QoS, packetId, message.Retain, true, Version));
        }
    }

    /// <summary>PUBACK or PUBREC, once for each PUBLISH. [MQTT-4.3.2-4] [MQTT-4.3.3-8]</summary>
    private string? Accepted(ServerPacket packet, QoS qos)
    {
        if (!_publications.TryGetValue(packet.PacketId, out var publication) || publication.Message.QoS != qos || publication.IsReceived)
        {
            return "nothing to acknowledge";
        }

        var message = publication.Message;
        message.AcceptedAt = Math.Min(message.AcceptedAt, round.Now);
        if (qos == QoS.AtLeastOnce)
        {
            _publications.Remove(packet.PacketId);
        }
        else
        {
            _publications[packet.PacketId] = (message, true);
            Say(ClientPackets.Pubrel(packet.PacketId, Version));
        }

        return packet.Reason == ReasonCode.Success ? null
            : packet.Reason != ReasonCode.NoMatchingSubscribers ? "it was to be accepted"
            : round.Sessions.Any(session => session.IsOwed(message)) && !message.IsResent ? "there are subscribers" : null;
    }

    private string? Answered(ServerPacket packet)
    {
        if (!_requests.Remove(packet.PacketId, out var request) || request.Answer != packet.Type)
        {
            return "nothing to answer";
        }

        request.Made.ForEach(one => one.ConfirmedAt = round.Now);
        Session?.OweRetained(round.Retained(request.Made));
        request.Ended.ForEach(one => one.EndedAt = Math.Min(one.EndedAt, round.Now));
        return packet.Type == PacketType.Unsuback || packet.Reasons.SequenceEqual(request.Made.Select(one => (ReasonCode)one.QoS))
            ? null : "it was to be granted as asked"; // [MQTT-3.9.3-1]
    }

    private string? Publish(ServerPacket packet)
    {
        var message = ModelMessage.Of(packet, round.Messages);
        if (TopicOf(packet) is not { Length: > 0 } topic)
        {
            return "its Topic Alias stands for nothing"; // [MQTT-3.3.2-8]
        }

        if (Session is not { } session)
        {
            return "there is no session";
        }

        var isRepetition = packet.QoS > 0 && session.Open.TryGetValue(packet.PacketId, out var open)
            && packet.Dup && open.Message == message && !open.IsReleased && !_sentHere.Contains(packet.PacketId);
        var fault = packet.QoS == QoS.AtMostOnce ? null : Open(session, packet, message, isRepetition);
        fault ??= session.Take(packet, topic, message, isFresh: !isRepetition, isExact: _isDurable);
        if (fault is null && message is { IsShared: true } && !packet.Retain)
        {
            message.SharedBy.Add(session);
        }

        return fault;
    }

    private string? TopicOf(ServerPacket packet)
    {
        if (packet.Number(PropertyId.TopicAlias) is not { } alias)
        {
            return packet.Topic;
        }

        if (packet.Topic.Length > 0)
        {
            _aliases[alias] = packet.Topic;
        }

        return _aliases.GetValueOrDefault(alias);
    }

    private string? Open(ModelSession session, ServerPacket packet, ModelMessage? message, bool isRepetition)
    {
        if (packet.PacketId == 0 || (session.Open.ContainsKey(packet.PacketId) && !isRepetition)) // [MQTT-2.2.1-4]
        {
            return "the packet identifier is in use";
        }

        session.Open[packet.PacketId] = (message, packet.QoS, false);
        _sentHere.Add(packet.PacketId);
        _sentHere.RemoveWhere(id => !session.Open.ContainsKey(id));
        if (_sentHere.Count > _receiveMaximum) // [MQTT-3.3.4-9]
        {
            return $"Receive Maximum is {_receiveMaximum}";
        }

        Owe(
            packet.QoS == QoS.AtLeastOnce ? ClientPackets.Puback(packet.PacketId, Version) : ClientPackets.Pubrec(packet.PacketId, Version),
            packet.QoS == QoS.AtLeastOnce ? packet.PacketId : null);
        return null;
    }

    private string? Release(ServerPacket packet)
    {
        if (Session is { } session && session.Open.TryGetValue(packet.PacketId, out var open))
        {
            if (open.QoS != QoS.ExactlyOnce)
            {
                return "PUBREL for QoS 1";
            }

            session.Open[packet.PacketId] = open with { IsReleased = true };
            if (open.Message is { } message)
            {
                session.Finish(message); // exactly once, from here on whatever happens
            }
        }

        Owe(ClientPackets.Pubcomp(packet.PacketId, Version), packet.PacketId);
        return null;
    }

    private ProtocolVersion Version => _connection?.Version ?? ProtocolVersion.Mqtt5;

    private void Owe(byte[] bytes, ushort? ends) => _owed.Enqueue((bytes, ends));
}
