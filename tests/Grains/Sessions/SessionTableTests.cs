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
        Table.Attach(key, Sample.Open(gateway, Connection++, clean, expiry, will, delay), Table.NextEpoch(Now), Now);

    private protected SessionResult Detach(ulong epoch, CloseRequest request) => Table.Detach(Key, epoch, request, Now);

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
