using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// How far the deliveries of durable sessions have come, on its way to one store shard. Ends of deliveries gather for up to a second or
/// 1,000 of them: lost in a crash, they cost a repetition. The states of QoS 2 are awaited: a packet that depends on one leaves when
/// the shard has it.
/// </summary>
internal sealed class ProgressLane(
    ISessionStoreGrain shard, GatewayRef gateway, TimeProvider time, ILogger<ProgressLane> logger) : ShardLane<ProgressLane.Step>(time)
{
    /// <summary>As many as a call may name.</summary>
    private const int MostSessions = 1000;
    private const int FlushFrom = 1000;

    private (IDurableSession Session, SessionProgress Progress)[] _reporting = [];
    private ProgressBatch[] _reports = [];
    private long _sequence;
    private long _unanswered;
    private long _reported;
    private int _ended;

    /// <summary>Counts a delivery that ended; enough of them send the batch.</summary>
    public void CountEnded()
    {
        if (Interlocked.Increment(ref _ended) >= FlushFrom)
        {
            FlushSoon();
        }
    }

    protected override async Task<SessionResult> SendAsync(Step[] steps, long sequence)
    {
        if (sequence != _sequence) // not a repetition
        {
            (_sequence, _reporting) = (sequence, Collect(steps));
            _reports = [.. _reporting.Select(static one => one.Progress).Chunk(MostSessions).Select(chunk => new ProgressBatch(gateway, chunk, ++_reported))];
            Interlocked.Exchange(ref _ended, 0);
            Volatile.Write(ref _unanswered, sequence);
        }

        var fenced = new HashSet<string>();
        var gone = new HashSet<GoneDelivery>();
        foreach (var report in _reports)
        {
            var reply = await shard.ReportAsync(report).ConfigureAwait(false);
            if (reply.Result != SessionResult.Ok)
            {
                return reply.Result;
            }

            fenced.UnionWith(reply.Fenced);
            gone.UnionWith(reply.Gone ?? []);
        }

        if (IsFirstAnswer(sequence))
        {
            Reported(key => fenced.Contains(key) ? ReportFate.Fenced : ReportFate.Noted);
            Send(steps, fenced, gone);
        }

        return SessionResult.Ok;
    }

    protected override void OnFailed(Exception? exception, Step[] steps)
    {
        if (IsFirstAnswer(_sequence))
        {
            Reported(static _ => ReportFate.Lost);
            foreach (var step in steps.Where(static step => step.Sending is not null))
            {
                step.Session.OnCommitFailed();
            }
        }

        StoreLinkLog.ProgressFailed(logger, _reporting.Length, exception);
    }

    /// <summary>A call that was given up may be answered after its repetition was, and even while the next batch is under way.</summary>
    private bool IsFirstAnswer(long sequence) => Interlocked.CompareExchange(ref _unanswered, 0, sequence) == sequence;

    private void Reported(Func<string, ReportFate> fateOf)
    {
        foreach (var (session, progress) in _reporting)
        {
            session.EndReport(progress.Done, progress.Epoch, fateOf(progress.Key));
        }
    }

    /// <summary>One report for each key: of sessions that followed each other here, the last one's. The others are over in the store too.</summary>
    private static (IDurableSession Session, SessionProgress Progress)[] Collect(Step[] steps)
    {
        var bySession = steps.ToLookup(static step => step.Session);
        return [.. bySession
            .GroupBy(static its => its.Key.Key, static its => its.Key)
            .Select(static sameKey => sameKey.MaxBy(static session => session.Epoch)!) // no group is empty
            .Select(session => (session, Collect(session, session.Epoch, bySession[session])))];
    }

    private static SessionProgress Collect(IDurableSession session, ulong epoch, IEnumerable<Step> steps) => new(
        session.Key,
        epoch,
        session.BeginReport(),
        // what an earlier connection wanted to send, the next one begins anew, under an identifier of its own
        [.. steps.Where(step => step.IsCommitted && step.Epoch == epoch).Select(static step => step.Sending!)], // IsCommitted says that there is one
        [.. steps.Where(static step => step.Released != 0).Select(static step => step.Released)]);

    /// <summary>What was held back for the commit, in the order in which it was added. [MQTT-4.6.0-1] [MQTT-4.6.0-6]</summary>
    private void Send(Step[] steps, HashSet<string> fenced, HashSet<GoneDelivery> gone)
    {
        var burst = Burst.Rent();
        var committed = _reporting.Where(one => !fenced.Contains(one.Progress.Key)).Select(static one => one.Session).ToHashSet();
        foreach (var step in steps)
        {
            if (step.Sending is { } sending)
            {
                var claim = committed.Contains(step.Session) ? step.Epoch : 0; // else nothing leaves
                var isGone = gone.Count > 0 && step.IsCommitted && gone.Contains(new GoneDelivery(step.Session.Key, sending.Sequence));
                step.Session.OnCommitted(sending, claim, step.IsDuplicate, isGone, burst);
            }
        }

        burst.Flush();
        burst.Return();
    }

    /// <summary>
    /// A session with deliveries that ended; or an identifier that PUBREL has freed; or a delivery that is sent after the batch, because its
    /// state is to be committed first or because one before it waits for that.
    /// </summary>
    internal readonly record struct Step(
        IDurableSession Session, StartedDelivery? Sending = null, ulong Epoch = 0, bool IsCommitted = false, bool IsDuplicate = false, ushort Released = 0);
}
