using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// SUBSCRIBE and UNSUBSCRIBE of sessions that outlive their connection: the store has the change before the answer says so (invariant I4). It is
/// committed and then made here in one turn of the client, so that the store and this gateway have a client's changes in one order, whichever of its
/// streams they came on.
/// </summary>
internal sealed class StoredSubscriptions(SessionRegistry sessions, StoreShards shards, TimeProvider time)
{
    /// <param name="connection">Whose packet it is.</param>
    /// <param name="session">Of the connection; its part, when that is a data stream.</param>
    /// <param name="changeOf">The change in the name of the connection's epoch, as the subscriptions are now; null when the store needs none.</param>
    /// <param name="answer">
    /// Makes the change here if the store has it, and answers the packet: in the turn, or after 5 seconds without it. Not called when the connection
    /// has lost its session.
    /// </param>
    public async ValueTask<ReasonCode> ChangeAsync(
        Connection connection, SessionPart session, Func<ulong, SessionDelta?> changeOf, Func<Outcome, ReasonCode> answer)
    {
        var start = time.GetTimestamp();
        TimeSpan left;
        while ((left = Attempts.Timeout - time.GetElapsedTime(start)) > TimeSpan.Zero
            && await sessions.Turns.TryTakeAsync(session.Key, left).ConfigureAwait(false) is { } turn)
        {
            using (turn)
            {
                if (!session.TryGetClaim(connection, out var epoch))
                {
                    return ReasonCode.Success; // it is being closed; the next connection got what was committed with its CONNECT
                }

                if (await CommitAsync(changeOf(epoch), turn.GivingWay).ConfigureAwait(false) is { } outcome)
                {
                    return outcome.Result == SessionResult.Fenced ? CloseFenced(connection) : answer(outcome);
                }
            }
        }

        return answer(new Outcome(SessionResult.Busy, "an earlier call is still without an answer"));
    }

    /// <summary>Null when the turn is to be given up for a CONNECT.</summary>
    private async ValueTask<Outcome?> CommitAsync(SessionDelta? change, CancellationToken givingWay)
    {
        if (change is null)
        {
            return new Outcome(SessionResult.Ok, null);
        }

        if (givingWay.IsCancellationRequested)
        {
            return null;
        }

        try
        {
            var result = await shards.CallAsync(change.Key, shard => shard.ApplyAsync(change), givingWay).ConfigureAwait(false);
            return new Outcome(result, result == SessionResult.Busy ? "the store shard is moving" : null);
        }
        catch (Exception) when (givingWay.IsCancellationRequested)
        {
            return null;
        }
        catch (Exception exception)
        {
            return new Outcome(SessionResult.Busy, exception.Message);
        }
    }

    private static ReasonCode CloseFenced(Connection connection)
    {
        connection.Close(CloseCause.Fenced, ReasonCode.SessionTakenOver);
        return ReasonCode.Success;
    }

    /// <param name="Result">Ok: the store has it.</param>
    /// <param name="Failure">For the log, when nothing is known of what became of the change.</param>
    internal readonly record struct Outcome(SessionResult Result, string? Failure);
}
