using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Retained;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;

namespace GrainMQ.Tests.Grains.Backup;

/// <summary>A data directory with something of everything, made by the journals of the grains.</summary>
internal sealed class SampleData
{
    private readonly IShardJournal<SessionSnapshot, SessionChange> _sessions;
    private readonly IShardJournal<RetainSnapshot, RetainChange> _retained;
    private readonly StoreShardState _table;
    private readonly RetainShardState _shard;
    private long _number;

    private SampleData(
        ManualTimeProvider time, SimulatedDisk disk, IShardJournal<SessionSnapshot, SessionChange> sessions, StoreShardState table,
        IShardJournal<RetainSnapshot, RetainChange> retained, RetainShardState shard) =>
        (Time, Disk, _sessions, _table, _retained, _shard) = (time, disk, sessions, table, retained, shard);

    public ManualTimeProvider Time { get; }

    public SimulatedDisk Disk { get; }

    private long Now => Time.GetUtcNow().ToUnixTimeMilliseconds();

    public static async Task<SampleData> EmptyAsync(ManualTimeProvider? time = null)
    {
        var (disk, table, shard) = (new SimulatedDisk(new Random(1)), new StoreShardState(BackupFixture.Options()), new RetainShardState(BackupFixture.Options()));
        var logs = BackupFixture.Logs(disk);
        var sessions = await new LogJournalStore<SessionSnapshot, SessionChange>(logs, new SessionCodec()).OpenAsync(0, 0, table);
        var retained = await new LogJournalStore<RetainSnapshot, RetainChange>(logs, new RetainCodec()).OpenAsync(0, 0, shard);
        return new SampleData(time ?? new ManualTimeProvider(), disk, sessions.Journal!, table, retained.Journal!, shard); // a new disk has room
    }

    public static async Task<SampleData> FullAsync()
    {
        var data = await EmptyAsync();
        await data.AttachAsync("t/away", will: "away's will", delay: 100);
        await data.SubscribeAsync("t/away", "a/#", "b/+");
        await data.DetachAsync("t/away", 3600, WillAction.Arm);
        await data.AttachAsync("t/here", uint.MaxValue, "here's will", 10);
        await data.AttachAsync("t/short", 0, "short's will");
        await data.QueueAsync("both", ["t/away", "t/here"]);
        await data.QueueAsync("mine", ["t/away"], expiresAt: data.Now + 5_000);
        await data.BeginAsync("t/here", 1, 7, PendingStage.Released);
        await data.AttachAsync("t/gone", 1, "gone's will");
        await data.DetachAsync("t/gone", 1, WillAction.Arm); // its will is due
        await data.RetainAsync("a/b", "kept");
        await data.RetainAsync("a/c", "for a while", data.Now + 9_000);
        return data;
    }

    public Task AttachAsync(string key, uint expiry = 3600, string? will = null, uint delay = 0)
    {
        var request = Sample.Open(connection: ++_number, expiry: expiry, will: will, delay: delay);
        var epoch = _table.Sessions.NextEpoch(Now);
        _table.Attachment.Attach(key, request, epoch, Now);
        return AppendAsync(new Attached(Now, key, request, epoch));
    }

    public Task SubscribeAsync(string key, params string[] filters)
    {
        var delta = new SessionDelta(key, _table.Sessions.Info(key).Epoch, [.. filters.Select(filter => Sample.Subscription(filter))], []);
        _table.Subscriptions.Apply(delta);
        return AppendAsync(new Applied(Now, delta));
    }

    public Task DetachAsync(string key, uint expiry = 3600, WillAction will = WillAction.Discard)
    {
        _table.Detachment.Detach(key, _table.Sessions.Info(key).Epoch, Sample.Close(expiry, will), Now, out var done);
        return AppendAsync(done!.Change); // the session is attached
    }

    public async Task QueueAsync(string text, string[] keys, long expiresAt = 0)
    {
        var entry = new QueueEntry(Sample.Bytes(text), expiresAt, [.. keys.Select(key => new QueueTarget(key, 1, false, []))]);
        var outcome = _table.Intake.Enqueue(new QueueBatch(Sample.A, ++_number, [entry]), Now);
        var reply = await _sessions.AppendAsync(outcome.Change);
        for (var at = 0; at < outcome.Messages.Length; at++)
        {
            outcome.Messages[at].Commit(reply.FirstMessage + at);
        }
    }

    public Task BeginAsync(string key, long number, ushort packetId, PendingStage stage)
    {
        var progress = new SessionProgress(key, _table.Sessions.Info(key).Epoch, [], [new StartedDelivery(number, packetId, stage)], []);
        var batch = new ProgressBatch(Sample.A, [progress], ++_number);
        _table.Progress.Note(batch);
        return AppendAsync(new Reported(Now, batch));
    }

    public async Task RetainAsync(string topic, string text, long expiresAt = 0)
    {
        var change = new RetainChange(Now, new RetainBatch("t", Sample.A, ++_number, [new RetainEntry(topic, Sample.Bytes(text), expiresAt)]));
        _shard.Set(change);
        await _retained.AppendAsync(change);
    }

    private async Task AppendAsync(SessionChange change) => await _sessions.AppendAsync(change);
}
