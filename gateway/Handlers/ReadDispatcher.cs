using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Handlers;

/// <summary>
/// Dispatches the packets of one read, all of them before anything is flushed, and answers them when what was promised for them is kept. A read
/// whose publications match very many subscriptions goes on in turns, so that its connection holds up no other.
/// </summary>
internal sealed class ReadDispatcher(PacketDispatcher packets, SessionCloser closer, MemoryGuard memory, ConnectionOptions options) : IConnectionProtocol
{
    public ValueTask DispatchAsync(Connection connection, ReadBuffer input)
    {
        var dispatch = Dispatch.Rent();
        if (connection.IsBusy)
        {
            return TakeTurnAsync(connection, input, dispatch);
        }

        try
        {
            while (TryDispatch(connection, input, dispatch, out var pending))
            {
                if (!pending.IsCompletedSuccessfully || dispatch.IsLong)
                {
                    return AwaitAsync(connection, input, dispatch, pending);
                }

                connection.CloseUnlessSuccess(pending.Result);
            }
        }
        catch
        {
            dispatch.Flush(); // others that it woke must not wait for ever because this connection fails
            throw;
        }

        return End(connection, dispatch);
    }

    public Task EndedAsync(Connection connection) =>
        connection.IsDataStream ? closer.StreamEndedAsync(connection) : closer.ConnectionEndedAsync(connection);

    /// <summary>The read before was long: this one waits for its turn, and does not keep the thread that reads the sockets of others.</summary>
    private async ValueTask TakeTurnAsync(Connection connection, ReadBuffer input, Dispatch dispatch)
    {
        await Task.Yield();
        connection.IsBusy = false;
        await AwaitAsync(connection, input, dispatch, new(ReasonCode.Success)).ConfigureAwait(false);
    }

    private async ValueTask AwaitAsync(Connection connection, ReadBuffer input, Dispatch dispatch, ValueTask<ReasonCode> pending)
    {
        try
        {
            do
            {
                if (dispatch.IsLong)
                {
                    dispatch.Flush();
                    connection.FlushWoken();
                    (dispatch.Matched, connection.IsBusy) = (0, true);
                    await Task.Yield();
                }

                if (!pending.IsCompleted)
                {
                    dispatch.Flush(); // what came before this packet does not wait for its grain
                    connection.FlushWoken();
                    input.Shrink(); // the handler has taken what it needs of the packet; thousands may wait here at once
                }

                connection.CloseUnlessSuccess(await pending.ConfigureAwait(false));
            }
            while (TryDispatch(connection, input, dispatch, out pending));
        }
        catch
        {
            dispatch.Flush();
            throw;
        }

        await End(connection, dispatch).ConfigureAwait(false);
    }

    private bool TryDispatch(Connection connection, ReadBuffer input, Dispatch dispatch, out ValueTask<ReasonCode> pending)
    {
        pending = default;
        if (connection.IsClosing)
        {
            return false;
        }

        var unread = input.Unread;
        if (packets.TryDispatchAcks(connection, unread, dispatch, out var length, out var reason))
        {
            input.Consume(length);
            pending = new(reason);
            return true;
        }

        switch (FixedHeader.TryRead(unread, options.MaximumPacketSize, out var header, connection.Client.Version))
        {
            case ReadStatus.Ok when unread.Length >= header.PacketLength:
                input.Consume(header.PacketLength);
                pending = packets.Dispatch(connection, header, unread.Slice(header.HeaderLength, header.BodyLength), dispatch);
                return true;
            case ReadStatus.Malformed:
                connection.CloseUnlessSuccess(ReasonCode.MalformedPacket);
                return false;
            case ReadStatus.TooLarge:
                connection.CloseUnlessSuccess(ReasonCode.PacketTooLarge);
                return false;
            default:
                return false;
        }
    }

    private ValueTask End(Connection connection, Dispatch dispatch)
    {
        dispatch.Flush();
        if (dispatch.PendingAcks.Count > 0)
        {
            return EndAsync(connection, dispatch);
        }

        var allowed = dispatch.HasQoS0 ? memory.QoS0AllowedAsync() : Task.CompletedTask;
        dispatch.Return();
        connection.FlushWoken();
        var drained = connection.Outbound.RepliesDrainedAsync();
        return drained.IsCompletedSuccessfully && allowed.IsCompletedSuccessfully
            ? default
            : new ValueTask(Task.WhenAny(Task.WhenAll(drained, allowed), connection.Ending.AllWritten)); // a closing connection waits for neither
    }

    /// <summary>Invariant I5: the acknowledgement follows the commit.</summary>
    private static async ValueTask EndAsync(Connection connection, Dispatch dispatch)
    {
        var version = connection.Client.Version;
        foreach (var ack in dispatch.PendingAcks)
        {
            var result = ack.Commit is { } commit ? await commit.ConfigureAwait(false) : SessionResult.Ok;
            var refusal = RefusalOf(result, version);
            var isTold = version == ProtocolVersion.Mqtt5 && ack.Type != PacketType.Pubcomp;
            if (refusal != ReasonCode.Success && ack.Type == PacketType.Pubrec && connection.Session is SessionPart session)
            {
                var failure = session.InboundQoS2.Fail(ack.PacketId, result, isTold);
                refusal = failure == QoS2Failure.NotRetained ? ReasonCode.Success : refusal;
                isTold = failure == QoS2Failure.Refused;
            }

            if (refusal != ReasonCode.Success && !isTold)
            {
                // there is no negative acknowledgement: without one the client sends the packet again after reconnecting
                connection.Close(CloseCause.InternalError);
            }

            var reason = refusal != ReasonCode.Success ? refusal : ack.Reason;
            connection.Reply(OutboundFrame.Ack(ack.Type, ack.PacketId, reason)); // goes nowhere when the connection is closing
        }

        dispatch.Return();
        connection.FlushWoken();
        await connection.Outbound.RepliesDrainedAsync().ConfigureAwait(false);
    }

    private static ReasonCode RefusalOf(SessionResult result, ProtocolVersion version) => result switch
    {
        SessionResult.Ok => ReasonCode.Success,
        // an older client cannot be told, and if it sent the message again, that would be refused again
        SessionResult.Quota when version != ProtocolVersion.Mqtt5 => ReasonCode.Success,
        SessionResult.Quota or SessionResult.Full => ReasonCode.QuotaExceeded,
        _ => ReasonCode.UnspecifiedError,
    };
}
