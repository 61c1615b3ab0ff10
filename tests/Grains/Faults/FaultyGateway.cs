using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Grains.Suites;
using Xunit;

namespace GrainMQ.Tests.Grains.Faults;

/// <summary>A gateway as the fault simulation knows it: it repeats every call until it is answered, polls, and names its connections again.</summary>
internal sealed class FaultyGateway(SimulatedGrainCluster cluster, GatewayRef self)
{
    private const int MaxAttempts = 100_000;

    private readonly Dictionary<string, ReattachEntry> _connections = [];
    private readonly Queue<long> _unreported = new();
    private StorePollReply? _last;
    private long _connection;
    private long _sequence;
    private long _retainSequence;

    public Queue<string> Published { get; } = new();

    private ISessionStoreGrain Store => cluster.Client.GetGrain<ISessionStoreGrain>(0L);

    /// <summary>Null: a ghost took the session between the first attempt and the answer, and the connection is refused.</summary>
    public async Task<OpenReply?> OpenAsync(string key, string will, uint delay)
    {
        var request = Sample.Open(self, ++_connection, false, uint.MaxValue, will, delay);
        var reply = await RepeatAsync(() => Store.AttachAsync(key, request), reply => reply.Result);
        if (reply.Result == SessionResult.Fenced)
        {
            return null;
        }

        Assert.Equal(SessionResult.Ok, reply.Result);
        if (reply.DueWill is not null)
        {
            Published.Enqueue(Sample.Text(reply.DueWill));
            var completed = new PublishedWills([DueWill.IdOfWillSetOffBy(reply.Epoch)]);
            Assert.Equal(SessionResult.Ok, await RepeatAsync(() => Store.CompleteWillsAsync(completed), result => result));
        }
        _connections[key] = new ReattachEntry(
            key, new SessionOwner(self, request.ConnectionId, reply.Epoch), uint.MaxValue, request.Will, reply.State?.Subscriptions ?? []);
        return reply;
    }

    public Task<SessionResult> SubscribeAsync(string key, ulong epoch, string filter) =>
        RepeatAsync(() => Store.ApplyAsync(new SessionDelta(key, epoch, [Sample.Subscription(filter)], [])), result => result);

    public Task<SessionResult> CloseAsync(string key, ulong epoch, CloseRequest request)
    {
        _connections.Remove(key);
        return RepeatAsync(() => Store.DetachAsync(key, epoch, request), result => result);
    }

    public Task<QueuePage> ReadAsync(string key, ulong epoch, long after, int messages) =>
        RepeatAsync(() => Store.ReadAsync(new QueueRead(key, epoch, after, messages, int.MaxValue)), page => page.Result);

    /// <summary>False: another connection has the session.</summary>
    public async Task<bool> ReportAsync(string key, ulong epoch, long[] done)
    {
        var batch = new ProgressBatch(self, [new SessionProgress(key, epoch, done, [], [])]);
        return (await RepeatAsync(() => Store.ReportAsync(batch), reply => reply.Result)).Fenced.Length == 0;
    }

    public Task<SessionResult> PresetAsync(string key) =>
        RepeatAsync(() => Session(key).PresetAsync(new PresetRequest([Sample.Subscription(key)], 0)), result => result);

    public async Task QueueAsync(QueueEntry[] entries)
    {
        var batch = new QueueBatch(self, ++_sequence, entries);
        Assert.Equal(SessionResult.Ok, (await RepeatAsync(() => Store.QueueAsync(batch), reply => reply.Result)).Result);
    }

    public async Task RetainAsync(params RetainEntry[] entries)
    {
        var batch = new RetainBatch("t", self, ++_retainSequence, entries);
        var retain = cluster.Client.GetGrain<IRetainGrain>(0L);
        Assert.Equal(SessionResult.Ok, (await RepeatAsync(() => retain.SetAsync(batch), reply => reply.Result)).Result);
    }

    public Task<RetainPage> QueryAsync(RetainQuery query) =>
        RepeatAsync(() => cluster.Client.GetGrain<IRetainGrain>(0L).QueryAsync(query), _ => SessionResult.Ok);

    /// <summary>One poll: publishes what is due, and tells a new shard which sessions are connected here.</summary>
    public async Task PollAsync(GatewayRef[] live, int wait)
    {
        var completed = _unreported.ToArray();
        var poll = Sample.Poll(self, _last, live, completed, wait);
        var reply = await RepeatAsync(() => Store.PollAsync(poll), _ => SessionResult.Ok);
        foreach (var _ in completed)
        {
            _unreported.TryDequeue(out var _);
        }

        foreach (var work in reply.Work)
        {
            Published.Enqueue(Sample.Text(work.Message));
            _unreported.Enqueue(work.Id);
        }
        if (_last?.ShardEpoch != reply.ShardEpoch)
        {
            await ReattachAsync();
        }

        _last = reply;
    }

    private Task ReattachAsync()
    {
        var batch = new ReattachBatch(self, [.. _connections.Values]);
        return RepeatAsync(() => Store.ReattachAsync(batch), _ => SessionResult.Ok);
    }

    private ISessionGrain Session(string key) => cluster.Client.GetGrain<ISessionGrain>(key);

    private static async Task<T> RepeatAsync<T>(Func<Task<T>> call, Func<T, SessionResult> resultOf)
    {
        for (var attempt = 0; attempt < MaxAttempts; attempt++)
        {
            try
            {
                var reply = await call();
                if (resultOf(reply) != SessionResult.Busy)
                {
                    return reply;
                }
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                // what the simulation is about: a lost call, a lost answer, a lost silo
            }
            await Task.Yield();
        }
        throw new InvalidOperationException("The cluster never answered.");
    }
}
