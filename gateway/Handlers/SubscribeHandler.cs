using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Handlers;

/// <summary>SUBSCRIBE: a durable session's subscriptions are committed before SUBACK says so (invariant I4). MQTT 5 §3.8.</summary>
internal sealed class SubscribeHandler(
    StoredSubscriptions stored, SubscriptionIndex subscriptions, RetainedMessages retainedMessages, ConnectionOptions options, ILogger<Connection> logger)
{
    public ValueTask<ReasonCode> Handle(Connection connection, SessionPart session, ReadOnlySpan<byte> body)
    {
        var error = SubscribePacket.TryParse(body, connection.Client.Version, out var packet);
        if (packet is null || error != ReasonCode.Success)
        {
            return new(error);
        }

        if (Violation(connection.Client.Version, packet) is var violation and not ReasonCode.Success)
        {
            return new(violation);
        }

        var reasons = Array.ConvertAll(packet.Entries, entry => IsTooDeep(entry) ? ReasonCode.TopicFilterInvalid : Check(entry));
        RefuseBeyondLimit(session, packet, reasons);
        if (session.IsDurable && reasons.Any(reason => !reason.IsError()))
        {
            return CommitAsync(connection, session, packet, reasons);
        }

        return new(Subscribe(connection, session, packet, reasons));
    }

    private ValueTask<ReasonCode> CommitAsync(Connection connection, SessionPart session, SubscribePacket packet, ReasonCode[] reasons)
    {
        SubscriptionRecord[] records =
        [
            .. packet.Entries.Where((_, i) => !reasons[i].IsError())
                .Select(entry => new SubscriptionRecord(entry.Filter, Granted(entry).Options, packet.SubscriptionIdentifier)),
        ];
        return stored.ChangeAsync(connection, session, epoch => new SessionDelta(session.Key, epoch, records, []), outcome =>
        {
            if (outcome.Failure is { } failure)
            {
                HandlerLog.SubscribeFailed(logger, session.ClientId, failure);
            }

            Refuse(reasons, outcome.Result); // never a silent lie: the client learns that it has no subscription
            return Subscribe(connection, session, packet, reasons);
        });
    }

    private ReasonCode Subscribe(Connection connection, SessionPart session, SubscribePacket packet, ReasonCode[] reasons)
    {
        var retained = new List<SubscribeEntry>();
        var replay = session.BeginRetained(connection);
        for (var i = 0; i < reasons.Length; i++)
        {
            if (reasons[i].IsError())
            {
                continue;
            }

            var entry = Granted(packet.Entries[i]);
            var isNew = session.Subscriptions.Subscribe(subscriptions, session, entry, packet.SubscriptionIdentifier);
            if (WantsRetained(entry, isNew))
            {
                retained.Add(entry);
            }
        }

        // [MQTT-3.8.4-1] [MQTT-3.8.4-5] [MQTT-3.8.4-6]
        if (SubackPacket.Encode(connection.Client.Version, packet.PacketId, reasons, connection.Client.MaximumPacketSize) is not { } suback)
        {
            replay.End();
            return ReasonCode.PacketTooLarge; // the client would wait for it for ever
        }

        connection.Reply(OutboundFrame.Of(PacketType.Suback, suback));
        connection.FlushOutbound();
        session.RetainedSent = SendRetainedAsync(session.RetainedSent, replay, retained, packet.SubscriptionIdentifier);
        return ReasonCode.Success;
    }

    private async Task SendRetainedAsync(Task before, RetainedReplay replay, List<SubscribeEntry> entries, uint identifier)
    {
        await before.ConfigureAwait(false); // one page at a time per session, however many filters it asks for
        foreach (var entry in entries)
        {
            await retainedMessages.SendAsync(replay, entry, identifier).ConfigureAwait(false);
        }

        replay.End();
    }

    /// <summary>
    /// What breaks the connection: a filter against the grammar [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.8.2-1] (3.1.1: [MQTT-4.8.0-1]) and,
    /// on MQTT 5, the use of what CONNACK said is not available (§3.2.2.3.11 to §3.2.2.3.13). Older clients were told nothing.
    /// </summary>
    private ReasonCode Violation(ProtocolVersion version, SubscribePacket packet)
    {
        if (packet.SubscriptionIdentifier != 0 && !options.SubscriptionIdentifiersAvailable)
        {
            return ReasonCode.SubscriptionIdentifiersNotSupported;
        }

        foreach (var entry in packet.Entries)
        {
            if (!entry.HasValidFilter)
            {
                return ReasonCode.MalformedPacket; // Topic Filter invalid (0x8F) is for filters that are well-formed, §3.9.3
            }

            if (version == ProtocolVersion.Mqtt5 && Check(entry) is var reason && reason.IsError())
            {
                return reason;
            }
        }

        return ReasonCode.Success;
    }

    /// <summary>Every level is a node of a tree, and of a tree in the store.</summary>
    private bool IsTooDeep(SubscribeEntry entry) =>
        TopicFilter.TryParseShared(entry.Filter, out _, out var inner)
            ? TopicFilter.Levels(inner) > options.MaximumTopicLevels
            : TopicFilter.Levels(entry.Filter) > options.MaximumTopicLevels;

    private ReasonCode Check(SubscribeEntry entry)
    {
        if (TopicFilter.IsShared(entry.Filter) && !options.SharedSubscriptionAvailable)
        {
            return ReasonCode.SharedSubscriptionsNotSupported;
        }

        return !options.WildcardSubscriptionAvailable && entry.Filter.AsSpan().ContainsAny('+', '#')
            ? ReasonCode.WildcardSubscriptionsNotSupported // [MQTT-3.8.3-2] of 3.1.1: SUBACK 0x80
            : (ReasonCode)Granted(entry).MaximumQoS; // [MQTT-3.9.3-1]: 0, 1 or 2 is the QoS granted
    }

    /// <summary>A session holds memory for each subscription, also one that ends with its connection.</summary>
    private void RefuseBeyondLimit(SessionPart session, SubscribePacket packet, ReasonCode[] reasons)
    {
        var free = options.MaximumSubscriptions - session.Subscriptions.Count;
        if (free >= reasons.Length)
        {
            return;
        }

        for (var i = 0; i < reasons.Length; i++)
        {
            if (!reasons[i].IsError() && !session.Subscriptions.Has(packet.Entries[i].Filter) && --free < 0)
            {
                reasons[i] = ReasonCode.QuotaExceeded;
            }
        }
    }

    private SubscribeEntry Granted(SubscribeEntry entry) =>
        (byte)entry.MaximumQoS <= options.MaximumQoS ? entry : entry with { Options = (byte)((entry.Options & ~0b11) | options.MaximumQoS) };

    /// <summary>[MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]; a shared subscription gets none, MQTT 5 §4.8.2.</summary>
    private static bool WantsRetained(SubscribeEntry entry, bool isNew) => !TopicFilter.IsShared(entry.Filter)
        && entry.RetainHandling switch
        {
            RetainHandling.SendAtSubscribe => true,
            RetainHandling.SendIfNewSubscription => isNew,
            _ => false,
        };

    private static void Refuse(ReasonCode[] reasons, SessionResult result)
    {
        if (result == SessionResult.Ok)
        {
            return;
        }

        for (var i = 0; i < reasons.Length; i++)
        {
            reasons[i] = reasons[i].IsError() ? reasons[i]
                : result is SessionResult.Quota or SessionResult.Full ? ReasonCode.QuotaExceeded : ReasonCode.UnspecifiedError;
        }
    }
}
