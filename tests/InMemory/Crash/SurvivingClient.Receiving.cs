using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Model;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Crash;

internal sealed partial class SurvivingClient
{
    private readonly Queue<(string What, byte[] Bytes, ModelMessage? Ends)> _owed = [];
    private readonly HashSet<ushort> _unfinished = [];
    private readonly List<ModelMessage> _acknowledged = [];
    private bool _isConnacked;

    /// <summary>Takes what has arrived.</summary>
    /// <param name="most">The network holds back the rest, which is lost when the connection is.</param>
    public void Receive(int most = int.MaxValue)
    {
        if (_connection is not { } connection)
        {
            return;
        }

        foreach (var packet in connection.TakePackets().Take(most))
        {
            round.Oracle.Tick();
            round.Note($"{id} < {Described(packet)}");
            if (Wrong(packet) is { } fault)
            {
                throw new CrashModelException($"{id} received {Described(packet)}: {fault}");
            }

            if (_connection is null)
            {
                return;
            }
        }

        if (connection.Transport.IsClosedByServer)
        {
            if (!round.IsTroubled)
            {
                throw new CrashModelException($"{id} was closed by the server, which had no reason to.");
            }

            LoseConnection(isGoodbye: false);
        }
    }

    /// <summary>Before any client receives anything: a will that the end of its connection has set off is not too early.</summary>
    public void NoticeEnd()
    {
        if (_connection is { Transport.IsClosedByServer: true })
        {
            LoseWill(isGoodbye: false);
        }
        else
        {
            _aliveAt = round.Time;
        }
    }

    /// <summary>The broker is dead; some of what it said last may still arrive.</summary>
    public void BrokerDied(Random random)
    {
        Receive(random.Next(2) == 0 ? random.Next(20) : int.MaxValue);
        LoseConnection(isGoodbye: false);
        _left = null;
    }

    /// <summary>Nothing is under way any more: the broker has noted every acknowledgement of this connection.</summary>
    public void Settle()
    {
        _acknowledged.ForEach(message => Session?.Finish(message));
        _acknowledged.Clear();
    }

    private string? Wrong(ServerPacket packet) => packet.Type switch
    {
        PacketType.Connack => Connack(packet),
        PacketType.Disconnect when round.IsTroubled => null,
        _ when !_isConnacked => "CONNACK was to come first", // [MQTT-3.2.0-1]
        PacketType.Publish => Publish(packet),
        PacketType.Puback => Accepted(packet, QoS.AtLeastOnce),
        PacketType.Pubrec => Accepted(packet, QoS.ExactlyOnce),
        PacketType.Pubrel => Release(packet),
        PacketType.Pubcomp => Completed(packet),
        PacketType.Suback or PacketType.Unsuback => Answered(packet),
        _ => "the server had no reason to",
    };

    private string? Connack(ServerPacket packet)
    {
        if (packet.Reason != ReasonCode.Success)
        {
            return round.IsTroubled ? null : "it was to be accepted"; // the connection's end follows
        }

        NoticeExpiry();
        var isExpected = _isCleanStart || _presence == Presence.None ? !packet.SessionPresent : packet.SessionPresent || _presence == Presence.Unknown;
        if (!isExpected) // I11 [MQTT-3.2.2-2] [MQTT-3.2.2-3]
        {
            return $"Session Present was to be {!packet.SessionPresent}";
        }

        if (!packet.SessionPresent)
        {
            EndSession();
        }

        Session ??= new ModelSession(id, round.Oracle);
        (_isConnacked, _presence, _mustStartClean) = (true, Presence.Kept, false);
        foreach (var publication in _publications) // [MQTT-4.4.0-1]
        {
            publication.Message.Resend(round.Oracle.Now);
            Send(publication, dup: true);
        }

        return null;
    }

    /// <summary>PUBACK or PUBREC, once for each PUBLISH. [MQTT-4.3.2-4] [MQTT-4.3.3-8]</summary>
    private string? Accepted(ServerPacket packet, QoS qos)
    {
        var publication = _publications.Find(one => one.PacketId == packet.PacketId);
        if (publication is null || publication.Message.QoS != qos || publication.IsReceived)
        {
            return "nothing to acknowledge";
        }

        var message = publication.Message;
        if (packet.Reason >= ReasonCode.UnspecifiedError)
        {
            _publications.Remove(publication);
            round.Oracle.Refuse(message);
            return round.IsTroubled ? null : "it was to be accepted";
        }

        message.AcceptedAt = round.Oracle.Now;
        if (packet.Reason == ReasonCode.NoMatchingSubscribers && !message.IsResent && round.IsOwed(message))
        {
            return "there are subscribers";
        }

        if (qos == QoS.AtLeastOnce)
        {
            _publications.Remove(publication);
        }
        else
        {
            publication.IsReceived = true;
            Send(publication, dup: false);
        }

        return null;
    }

    private string? Completed(ServerPacket packet) =>
        _publications.RemoveAll(one => one.PacketId == packet.PacketId && one.IsReceived) == 1 ? null : "nothing to complete";

    private string? Answered(ServerPacket packet)
    {
        if (!_requests.Remove(packet.PacketId, out var request) || request.Answer != packet.Type)
        {
            return "nothing to answer";
        }

        for (var i = 0; i < packet.Reasons.Length; i++)
        {
            if (packet.Reasons[i] >= ReasonCode.UnspecifiedError)
            {
                return round.IsTroubled ? null : "it was to be granted"; // either may hold now
            }

            if (request.Made.Count > 0 && packet.Reasons[i] != (ReasonCode)request.Made[i].QoS)
            {
                return "it was to be granted as asked"; // [MQTT-3.9.3-1]
            }
        }

        request.Made.ForEach(one => one.ConfirmedAt = round.Oracle.Now);
        request.Ended.ForEach(one => one.EndedAt = Math.Min(one.EndedAt, round.Oracle.Now));
        return null;
    }

    private string? Publish(ServerPacket packet)
    {
        if (ModelMessage.Of(packet, round.Oracle.Messages) is not { } message || Session is not { } session)
        {
            return "nobody has published that";
        }

        var isOpen = packet.QoS == QoS.ExactlyOnce && session.Open.TryGetValue(packet.PacketId, out var open) && open.Message == message;
        if (packet.QoS == QoS.ExactlyOnce && !isOpen && session.Open.TryGetValue(packet.PacketId, out var other))
        {
            return $"its packet identifier is in use by {other.Message}: a client that keeps to the protocol takes it for a repetition"; // [MQTT-2.2.1-4]
        }

        var fault = session.Take(packet, packet.Topic, message, isFresh: !isOpen, _isDurable);
        if (packet.QoS == QoS.AtMostOnce || fault is not null)
        {
            return fault;
        }

        if (!_unfinished.Add(packet.PacketId) && !packet.Dup)
        {
            return "the packet identifier is in use";
        }

        if (_unfinished.Count > _receiveMaximum) // [MQTT-3.3.4-9]
        {
            return $"Receive Maximum is {_receiveMaximum}";
        }

        if (packet.QoS == QoS.ExactlyOnce)
        {
            session.Open[packet.PacketId] = (message, packet.QoS, false);
            _owed.Enqueue(($"PUBREC {packet.PacketId}", ClientPackets.Pubrec(packet.PacketId, version), null));
        }
        else
        {
            _owed.Enqueue(($"PUBACK {packet.PacketId}", ClientPackets.Puback(packet.PacketId, version), packet.Retain ? null : message));
        }

        return null;
    }

    private string? Release(ServerPacket packet)
    {
        Session?.Open.Remove(packet.PacketId);
        _owed.Enqueue(($"PUBCOMP {packet.PacketId}", ClientPackets.Pubcomp(packet.PacketId, version), null));
        return null;
    }

    private int Acknowledge(int most)
    {
        var done = 0;
        for (; done < most && _connection is not null && _owed.TryDequeue(out var owed); done++)
        {
            Say(owed.What, owed.Bytes);
            if (owed.Bytes[0] >> 4 is (int)PacketType.Puback or (int)PacketType.Pubcomp)
            {
                _unfinished.Remove((ushort)(owed.Bytes[2] << 8 | owed.Bytes[3]));
            }

            if (owed.Ends is { } message)
            {
                _acknowledged.Add(message);
            }
        }

        return done;
    }

    private static string Described(ServerPacket packet) => packet.Type switch
    {
        PacketType.Connack => $"CONNACK {packet.Reason}, Session Present {packet.SessionPresent}",
        PacketType.Publish =>
            $"PUBLISH {packet.PacketId} {packet.Text} on {packet.Topic} at QoS {(int)packet.QoS}{(packet.Retain ? ", retained" : "")}{(packet.Dup ? ", DUP" : "")}",
        PacketType.Suback or PacketType.Unsuback => $"{packet.Type.ToString().ToUpperInvariant()} {packet.PacketId} {string.Join(", ", packet.Reasons)}",
        _ => $"{packet.Type.ToString().ToUpperInvariant()} {packet.PacketId} {packet.Reason}",
    };
}
