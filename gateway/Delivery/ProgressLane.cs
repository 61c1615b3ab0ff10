using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Delivery;

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

    private long _sequence;
    private readonly HashSet<string> _fenced = [];
    private ProgressBatch[] _reports = [];
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
            (_sequence, _reports) = (sequence, Collect(entries));
            _fenced.Clear();
            Interlocked.Exchange(ref _ended, 0);
        }

        foreach (var report in _reports)
        {
            var reply = await shard.ReportAsync(report).ConfigureAwait(false);
            if (reply.Result != SessionResult.Ok)
            {
                return reply.Result;
            }

            _fenced.UnionWith(reply.Fenced);
        }

        Reported(entries, progress => _fenced.Contains(progress.Key) ? ReportFate.Fenced : ReportFate.Noted);
        Send(entries);
        return SessionResult.Ok;
    }

    protected override void OnFailed(Exception? exception, Entry[] entries)
    {
        Reported(entries, static _ => ReportFate.Lost);
        foreach (var entry in entries.Where(static entry => entry.Sending is not null))
        {
            entry.Session.FailToSend();
        }

        DeliveryLog.ProgressFailed(logger, _reports.Sum(static report => report.Sessions.Length), exception);
    }

    private void Reported(Entry[] entries, Func<SessionProgress, ReportFate> fateOf)
    {
        foreach (var (progress, session) in _reports.SelectMany(static report => report.Sessions).Zip(Sessions(entries)))
        {
            session.EndedReported(progress.Done, progress.Epoch, fateOf(progress));
        }
    }

    private ProgressBatch[] Collect(Entry[] entries)
    {
        var bySession = entries.ToLookup(static entry => entry.Session);
        var sessions = Sessions(entries).Select(session => Collect(session, session.Epoch, bySession[session]));
        return [.. sessions.Chunk(MostSessions).Select(chunk => new ProgressBatch(gateway, chunk, ++_reported))];
    }

    private static SessionProgress Collect(Session session, ulong epoch, IEnumerable<Entry> entries) => new(
        session.Key,
        epoch,
        session.TakeEnded(),
        // what an earlier connection wanted to send, the next one begins anew, under an identifier of its own
        [.. entries.Where(entry => entry.IsCommitted && entry.Epoch == epoch).Select(static entry => entry.Sending!)],
        [.. entries.Where(static entry => entry.Released != 0).Select(static entry => entry.Released)]);

    private static IEnumerable<Session> Sessions(Entry[] entries) => entries.Select(static entry => entry.Session).Distinct();

    /// <summary>What was held back for the commit, in the order in which it was added. [MQTT-4.6.0-1] [MQTT-4.6.0-6]</summary>
    private void Send(Entry[] entries)
    {
        var burst = Burst.Rent();
        foreach (var entry in entries)
        {
            if (entry.Sending is { } sending)
            {
                ulong claim = _fenced.Contains(entry.Session.Key) ? 0 : entry.Epoch; // fenced: nothing was committed, nothing leaves
                entry.Session.SendCommitted(sending, claim, entry.IsDuplicate, burst);
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
