using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Sessions;

/// <summary>What becomes of a will at an end of its connection that is no takeover: there the store decides.</summary>
internal enum WillFate : byte
{
    /// <summary>There is none, or DISCONNECT has discarded it. [MQTT-3.14.4-3]</summary>
    None,
    /// <summary>Now. [MQTT-3.1.2-8]</summary>
    Publish,
    /// <summary>By the store, after the Will Delay Interval or when the session ends, unless the client is back. [MQTT-3.1.3-9]</summary>
    Delay,
}

/// <summary>
/// The rules of wills, all that this gateway has to do with them. A will that is armed is the store's: with CONNECT the store has every will of
/// a session, so that it can publish those of a gateway that is lost, and gives those that are due to a gateway.
/// <list type="table">
/// <item><term>CONNECT</term><description>goes to the store with the claim: <see cref="RecordOf"/></description></item>
/// <item><term>DISCONNECT 0x00</term><description>discards it, by the cause of the close: <see cref="WillOf"/> [MQTT-3.14.4-3]</description></item>
/// <item><term>any other end</term><description>publishes it, or arms it with the store: <see cref="OnConnectionEndedAsync"/> [MQTT-3.1.2-8]</description></item>
/// <item><term>the next CONNECT</term><description>publishes what the store says is due by it: <see cref="OnSessionOpenedAsync"/> [MQTT-3.1.4-3]</description></item>
/// <item><term>its time comes</term><description>publishes what the store gives out: <see cref="PublishDueAsync"/></description></item>
/// </list>
/// </summary>
internal sealed class Wills(StoreShards shards, IMessagePublisher publisher, GrainCalls calls, ILogger<Wills> logger)
{
    /// <summary>The will that the connection still has; null if CONNECT had none or DISCONNECT 0x00 was the first cause of its end.</summary>
    public static Will? WillOf(Connection connection) => connection.Cause == CloseCause.ClientDisconnect ? null : connection.Client.Will;

    /// <summary>As the store keeps it.</summary>
    public static WillRecord? RecordOf(Connection connection) => WillOf(connection)?.ToRecord();

    /// <summary>What becomes of a will at the end of its connection.</summary>
    /// <param name="will">See <see cref="WillOf"/>.</param>
    /// <param name="isDurable">Whether the session outlives the connection: a delay ends with the session.</param>
    public static WillFate FateOf(Will? will, bool isDurable) =>
        will is null ? WillFate.None : will.DelaySeconds > 0 && isDurable ? WillFate.Delay : WillFate.Publish;

    /// <summary>A connection has ended, and not by takeover. Inside the client's turn.</summary>
    /// <returns>What the store is to do: Arm what is delayed and what could not be published now, else Discard.</returns>
    public async Task<WillAction> OnConnectionEndedAsync(Connection connection, Session session)
    {
        var will = WillOf(connection);
        return FateOf(will, session.IsDurable) switch
        {
            WillFate.Delay => WillAction.Arm,
            WillFate.Publish when !await publisher.PublishAsync(will!.Message, session).ConfigureAwait(false) => WillAction.Arm, // Publish: there is one
            _ => WillAction.Discard,
        };
    }

    /// <summary>
    /// A CONNECT has opened the session, and the store has decided on the will of the connection before. If it is due, publishes it before the
    /// client can say anything new, and notes in the store that it is out; what cannot be stored now is left to the store, which gives it out
    /// again. Inside the client's turn. [MQTT-3.1.4-3]
    /// </summary>
    /// <param name="key">Of the session.</param>
    /// <param name="reply">The store's answer, with the will.</param>
    /// <param name="session">Whose will it is; null when this gateway does not have it.</param>
    /// <param name="old">The connection that was taken over here. If it discarded its will meanwhile, the will is not published. [MQTT-3.14.4-3]</param>
    /// <param name="isLate">The answer may be so late that the store has given the will to another gateway: that one publishes it.</param>
    public async Task OnSessionOpenedAsync(string key, OpenReply reply, Session? session, Connection? old, bool isLate)
    {
        var isDiscarded = old is not null && WillOf(old) is null;
        if (reply.DueWill is null || (isLate && !isDiscarded))
        {
            return;
        }

        if (isDiscarded || !Message.TryRead(reply.DueWill, out var message) || await publisher.PublishAsync(message, session).ConfigureAwait(false))
        {
            if (!await CompleteAsync(key, reply.Epoch).ConfigureAwait(false))
            {
                _ = calls.RepeatAsync(() => CompleteAsync(key, reply.Epoch));
            }
        }
    }

    /// <summary>Publishes a will that the store has given out, to this gateway alone for a while.</summary>
    /// <param name="key">Of the session.</param>
    /// <param name="record">The message.</param>
    /// <param name="session">If this gateway has it: the client is back and may have asked for No Local. [MQTT-3.8.3-3]</param>
    /// <returns>Whether it is done. Else it comes back when its lease has lapsed.</returns>
    public async Task<bool> PublishDueAsync(string key, byte[] record, Session? session)
    {
        if (!Message.TryRead(record, out var message))
        {
            SessionLog.UnreadableMessage(logger, key);
            return true;
        }

        return await publisher.PublishAsync(message, session).ConfigureAwait(false);
    }

    private async Task<bool> CompleteAsync(string key, ulong epoch)
    {
        Exception? failure = null;
        try
        {
            var completed = new PublishedWills([DueWill.IdOfWillSetOffBy(epoch)]);
            if (await shards.CallAsync(key, shard => shard.CompleteWillsAsync(completed)).ConfigureAwait(false) == SessionResult.Ok)
            {
                return true;
            }
        }
        catch (Exception exception)
        {
            failure = exception;
        }

        SessionLog.WillNotCompleted(logger, key, failure);
        return false;
    }
}
