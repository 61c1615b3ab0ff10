using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Tests.Grains.Sessions.State;

/// <summary>A table and a clock; the tests beside it say what CONNECT, the connection's end and time do to a session.</summary>
public abstract class StoreShardStateTests
{
    private protected const string Key = Sample.Key;

    private protected StoreShardStateTests() => Table.Drops.Counted = (reason, count) => Drops[reason] = Drops.GetValueOrDefault(reason) + count;

    private protected StoreShardState Table { get; } = new(
        new GrainOptions { StoreShards = 1, MaxSessions = 10, OfflineQueueMaxMessages = 5, MaxSubscriptionsPerSession = 3 });

    private protected Dictionary<QueueDropReason, int> Drops { get; } = [];

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
        var reply = Table.Attachment.Attach(key, request, Table.Sessions.NextEpoch(Now), Now);
        return reply.SessionPresent ? reply with { State = Table.StateOf(key, reply.Epoch, Now) } : reply;
    }

    private protected SessionResult Detach(ulong epoch, CloseRequest request)
    {
        var result = Table.Detachment.Detach(Key, epoch, request, Now, out var done);
        done?.Messages.Commit();
        return result;
    }

    private protected QueueReply Queue(QueueBatch batch)
    {
        var outcome = Table.Intake.Enqueue(batch, Now);
        outcome.Messages.Commit();
        return outcome.Reply;
    }

    private protected string[] Report(ulong epoch, long[]? done = null, StartedDelivery[]? started = null, ushort[]? released = null) =>
        Table.Progress.Note(new ProgressBatch(Sample.A, [new SessionProgress(Key, epoch, done ?? [], started ?? [], released ?? [])]));

    private protected QueueSlice? Page(ulong epoch, long after = 0, int messages = 100, int bytes = 1_000_000) =>
        Table.Pages.Read(new QueueRead(Key, epoch, after, messages, bytes), Now, true, out _);

    private protected SessionResult Subscribe(ulong epoch, params string[] filters) => Apply(epoch, filters, []);

    private protected SessionResult Apply(ulong epoch, string[] added, string[] removed) =>
        Table.Subscriptions.Apply(new SessionDelta(Key, epoch, [.. added.Select(filter => Sample.Subscription(filter))], removed));

    private protected SessionInfo Info => Table.Sessions.Info(Key);

    /// <summary>Wills that are due and were not asked for yet.</summary>
    private protected string[] DueWills()
    {
        var work = Table.Wills.Available(100, int.MaxValue);
        Table.Wills.Complete([.. work.Select(item => item.Id)]);
        return Sample.Texts(work);
    }
}
