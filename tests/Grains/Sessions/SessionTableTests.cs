using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions;

namespace GrainMQ.Tests.Grains.Sessions;

/// <summary>A table and a clock; the tests beside it say what CONNECT, the connection's end and time do to a session.</summary>
public abstract class SessionTableTests
{
    private protected const string Key = Sample.Key;

    private protected SessionTableTests() => Table.Dropped = (reason, count) => Drops[reason] = Drops.GetValueOrDefault(reason) + count;

    private protected SessionTable Table { get; } = new(
        new GrainOptions { StoreShards = 1, MaxSessions = 10, OfflineQueueMaxMessages = 5, MaxSubscriptionsPerSession = 3 });

    private protected Dictionary<DropReason, int> Drops { get; } = [];

    private protected long Now { get; private set; } = 1_000_000;

    private protected long Connection { get; private set; } = 100;

    private protected void Wait(double seconds)
    {
        Now += (long)(seconds * 1000);
        Table.FireDue(Now);
    }

    private protected OpenReply Attach(
        bool clean = false, uint expiry = 0, string? will = null, uint delay = 0, GatewayRef? gateway = null, string key = Key) =>
        Attach(Sample.Open(gateway, Connection++, clean, expiry, will, delay), key);

    private protected OpenReply Attach(OpenRequest request, string key = Key)
    {
        var reply = Table.Attach(key, request, Table.NextEpoch(Now), Now);
        return reply.SessionPresent ? reply with { State = Table.StateOf(key, reply.Epoch, Now) } : reply;
    }

    private protected SessionResult Detach(ulong epoch, CloseRequest request)
    {
        var result = Table.Detach(Key, epoch, request, Now, out var done);
        done?.Messages.Commit();
        return result;
    }

    private protected QueueReply Queue(QueueBatch batch)
    {
        var outcome = Table.Queue(batch, Now);
        outcome.Messages.Commit();
        return outcome.Reply;
    }

    private protected string[] Report(ulong epoch, long[]? done = null, StartedDelivery[]? started = null, ushort[]? released = null) =>
        Table.Report(new ProgressBatch(Sample.A, [new SessionProgress(Key, epoch, done ?? [], started ?? [], released ?? [])]));

    private protected QueueSlice? Page(ulong epoch, long after = 0, int messages = 100, int bytes = 1_000_000) =>
        Table.Page(new QueueRead(Key, epoch, after, messages, bytes), Now, true, out _);

    private protected SessionResult Subscribe(ulong epoch, params string[] filters) =>
        Table.Apply(new SessionDelta(Key, epoch, [.. filters.Select(filter => Sample.Subscription(filter))], []));

    private protected SessionInfo Info => Table.Info(Key);

    /// <summary>Wills that are due and were not asked for yet.</summary>
    private protected string[] DueWills()
    {
        var work = Table.Work.Available(100, int.MaxValue);
        Table.Work.Complete([.. work.Select(item => item.Id)]);
        return Sample.Texts(work);
    }
}
