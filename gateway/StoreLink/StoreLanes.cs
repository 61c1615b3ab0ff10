using GrainMQ.Gateway.Messages;
using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>The ways to all store shards: messages that they are to keep, and reports on what became of them.</summary>
internal sealed class StoreLanes : IDisposable
{
    private static readonly TimeSpan ReportEvery = TimeSpan.FromSeconds(1);

    private readonly QueueReader _reader;
    private readonly Lazy<(QueueLane Queue, ProgressLane Progress)[]> _lanes;
    private readonly ITimer _reporting;

    public StoreLanes(Func<int, QueueLane> createQueue, Func<int, ProgressLane> createProgress, QueueReader reader, StoreShards shards, TimeProvider time)
    {
        _reader = reader;
        _lanes = new(() => [.. Enumerable.Range(0, shards.Count).Select(shard => (createQueue(shard), createProgress(shard)))]);
        _reporting = time.CreateTimer(static lanes => ((StoreLanes)lanes!).Report(), this, ReportEvery, ReportEvery); // state is this
    }

    /// <summary>
    /// Hands a delivery to the store, which keeps it for the session, with the commit of the burst. All sessions of a message
    /// and shard go into one entry, so that the store takes a publication as a whole or not at all.
    /// </summary>
    public void Queue(IDurablePart session, in QueuedDelivery delivery, Burst burst) => burst.Store.Add(
        QueueOf(session.Key), delivery.Message,
        new DurableReceiver(session, delivery.QoS, delivery.Retain, delivery.SubscriptionIdentifiers, delivery.Share));

    /// <summary>The store has more for the session than it has seen, and there is room.</summary>
    public void Read(IDurableSession session) => _reader.Start(session);

    /// <summary>A delivery of the session has ended, the first one since its last report.</summary>
    public void ReportLater(IDurableSession session) => ProgressOf(session.Key).Add(new ProgressLane.Step(session), 0);

    /// <summary>Where the deliveries of a session are counted as they end; stays the same.</summary>
    public ProgressLane ProgressOf(string key) => _lanes.Value[StoreShard.Of(key, _lanes.Value.Length)].Progress;

    /// <summary>
    /// <see cref="IDurableSession.OnCommitted"/> or <see cref="IDurableSession.OnCommitFailed"/> follows, in the order of these calls.
    /// </summary>
    /// <param name="session">The session of the delivery.</param>
    /// <param name="sending">How far it is, once sent.</param>
    /// <param name="isCommitted">The store is to know before; false: it only keeps its place in the order.</param>
    /// <param name="isDuplicate">The DUP flag.</param>
    public void Send(IDurableSession session, StartedDelivery sending, bool isCommitted, bool isDuplicate)
    {
        var lane = ProgressOf(session.Key);
        lane.Add(new ProgressLane.Step(session, sending, session.Epoch, isCommitted, isDuplicate), 0);
        lane.FlushSoon();
    }

    /// <summary>PUBREL has freed an identifier: PUBCOMP waits for the commit, when the store knows of it.</summary>
    public Task<SessionResult> Release(IDurableSession session, ushort packetId, Burst burst)
    {
        var lane = ProgressOf(session.Key);
        burst.Store.FlushLater(lane);
        return lane.Add(new ProgressLane.Step(session, Released: packetId), 0);
    }

    /// <summary>Completes when every message that was on its way to this session's queue before the call is there, or was given up.</summary>
    public Task DrainedAsync(string key) => QueueOf(key).DrainedAsync();

    /// <summary>Completes when the store knows which deliveries of this session had ended before the call, or was asked for too long.</summary>
    public Task ReportedAsync(string key) => ProgressOf(key).DrainedAsync();

    public void Dispose() => _reporting.Dispose();

    private void Report()
    {
        foreach (var (_, progress) in _lanes.IsValueCreated ? _lanes.Value : [])
        {
            progress.Flush();
        }
    }

    private QueueLane QueueOf(string key) => _lanes.Value[StoreShard.Of(key, _lanes.Value.Length)].Queue;
}
