using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// How far the deliveries of durable sessions have come, on its way to one store shard. Ends of deliveries gather for up to a second or
/// 1,000 of them: lost in a crash, they cost a repetition. The states of QoS 2 are awaited: a packet that depends on one leaves when
/// the shard has it.
/// </summary>
internal sealed class ProgressLane(
    ISessionStoreGrain shard, GatewayRef gateway, TimeProvider time, ILogger<ProgressLane> logger) : ShardLane<ProgressLane.Entry>(time)
{
    /// <summary>As many as a call may name.</summary>
    private const int MostSessions = 1000;
    private const int FlushFrom = 1000;

    private (Session Session, SessionProgress Progress)[] _reporting = [];
    private ProgressBatch[] _reports = [];
    private long _sequence;
    private long _unanswered;
    private long _reported;
    private int _ended;

    /// <summary>Counts a delivery that ended; enough of them set the batch off.</summary>
    public void CountEnded()
    {
        if (Interlocked.Increment(ref _ended) >= FlushFrom)
        {
            FlushSoon();
        }
    }

    protected override async Task<SessionResult> SendAsync(Entry[] entries, long sequence)
    {
        if (sequence != _sequence) // not a repetition
        {
            (_sequence, _reporting) = (sequence, Collect(entries));
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
            Send(entries, fenced, gone);
        }

        return SessionResult.Ok;
    }

    protected override void OnFailed(Exception? exception, Entry[] entries)
    {
        if (IsFirstAnswer(_sequence))
        {
            Reported(static _ => ReportFate.Lost);
            foreach (var entry in entries.Where(static entry => entry.Sending is not null))
            {
                entry.Session.OnCommitFailed();
            }
        }

        DeliveryLog.ProgressFailed(logger, _reporting.Length, exception);
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
    private static (Session Session, SessionProgress Progress)[] Collect(Entry[] entries)
    {
        var bySession = entries.ToLookup(static entry => entry.Session);
        return [.. bySession
            .GroupBy(static its => its.Key.Key, static its => its.Key)
            .Select(static sameKey => sameKey.MaxBy(static session => session.Epoch)!) // no group is empty
            .Select(session => (session, Collect(session, session.Epoch, bySession[session])))];
    }

    private static SessionProgress Collect(Session session, ulong epoch, IEnumerable<Entry> entries) => new(
        session.Key,
        epoch,
        session.BeginReport(),
        // what an earlier connection wanted to send, the next one begins anew, under an identifier of its own
        [.. entries.Where(entry => entry.IsCommitted && entry.Epoch == epoch).Select(static entry => entry.Sending!)],
        [.. entries.Where(static entry => entry.Released != 0).Select(static entry => entry.Released)]);

    /// <summary>What was held back for the commit, in the order in which it was added. [MQTT-4.6.0-1] [MQTT-4.6.0-6]</summary>
    private void Send(Entry[] entries, HashSet<string> fenced, HashSet<GoneDelivery> gone)
    {
        var burst = Burst.Rent();
        var committed = _reporting.Where(one => !fenced.Contains(one.Progress.Key)).Select(static one => one.Session).ToHashSet();
        foreach (var entry in entries)
        {
            if (entry.Sending is { } sending)
            {
                var claim = committed.Contains(entry.Session) ? entry.Epoch : 0; // else nothing leaves
                var isGone = gone.Count > 0 && entry.IsCommitted && gone.Contains(new GoneDelivery(entry.Session.Key, sending.Sequence));
                entry.Session.OnCommitted(sending, claim, entry.IsDuplicate, isGone, burst);
            }
        }

        burst.Flush();
        burst.Return();
    }

    /// <summary>
    /// A session with deliveries that ended; or an identifier that PUBREL has freed; or a delivery that is sent after the batch, because its
    /// state is to be committed first or because one before it waits for that.
    /// </summary>
    internal readonly record struct Entry(
        Session Session, StartedDelivery? Sending = null, ulong Epoch = 0, bool IsCommitted = false, bool IsDuplicate = false, ushort Released = 0);
}

/// <summary>What has become of a report.</summary>
internal enum ReportFate : byte
{
    Noted,
    /// <summary>Another claim than the one that it was made under holds the session: here, or on another gateway.</summary>
    Fenced,
    /// <summary>There was no answer.</summary>
    Lost,
}
