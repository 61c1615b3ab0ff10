using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions;
using GrainMQ.Grains.Sessions.Stored;
using GrainMQ.Grains.Storage;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.Storage;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions;

/// <summary>Old segments go when little of them is needed, and what is needed stays.</summary>
public sealed class CompactionTests
{
    private const long Now = 1_000_000;
    private static readonly string[] Forgotten = ["t/forgotten", "t/also"];
    private const string Busy = "t/busy";
    private const long Least = 10_000;

    private readonly SessionTable _table = new(new GrainOptions());
    private SimulatedDisk _disk = new(new Random(1));
    private SessionTable? _opened;
    private ShardWriter<SessionSnapshot, SessionChange>? _writer;
    private long _sequence;

    private SessionTable Table => _opened ?? _table;

    private ShardWriter<SessionSnapshot, SessionChange> Writer => _writer ?? throw new InvalidOperationException("Not open.");

    [Fact]
    public async Task OneForgottenMessageDoesNotKeepTheLog()
    {
        await StartAsync(_table);
        await QueueAsync("old", Forgotten);
        await DeliverAsync(100);
        await QueueAsync("young", Forgotten);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());
        Assert.True(Segments() > 8, $"{Segments()} segments are kept.");

        var compaction = await CompactAsync();

        Assert.Equal("old".Length + "young".Length, compaction.Moved); // once for both queues
        Assert.True(compaction.Freed > 30_000, $"{compaction.Freed} bytes went.");
        Assert.InRange(Segments(), 1, 3);
        await HasAsync("old", "young");
        Assert.Equal(0, (await CompactAsync()).Moved); // there is nothing left to do

        await QueueAsync("youngest", Forgotten);
        _disk = _disk.PowerCut();
        await StartAsync(_opened = new SessionTable(new GrainOptions()));
        await HasAsync("old", "young", "youngest");
    }

    [Fact]
    public async Task SegmentsThatAreNeededStay()
    {
        await StartAsync(_table);
        for (var number = 0; number < 40; number++)
        {
            await QueueAsync($"old {number} {new string('x', 300)}", Forgotten);
            await DeliverAsync(1);
        }
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());
        var before = Segments();

        Assert.Equal(0, (await CompactAsync()).Moved);

        Assert.Equal(before, Segments());
    }

    [Fact]
    public async Task FullSegmentIsRewrittenWhenEnoughEmptyOnesStandBehindIt()
    {
        await StartAsync(_table);
        string[] texts = [.. Enumerable.Range(0, 20).Select(number => $"old {number} {new string('x', 300)}")];
        foreach (var text in texts)
            await QueueAsync(text, Forgotten);
        await DeliverAsync(200);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());

        Assert.Equal(texts.Sum(text => text.Length), (await CompactAsync()).Moved);

        Assert.InRange(Segments(), 1, 5);
        await HasAsync(texts);
    }

    [Fact]
    public async Task WhatIsDeliveredMeanwhileIsLeftOut()
    {
        await StartAsync(_table);
        await QueueAsync("old", Forgotten);
        await QueueAsync("older", Forgotten);
        await DeliverAsync(100);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());

        var compaction = new Compaction(Table, Writer, () => Now, Least, _ =>
        {
            foreach (var key in Forgotten)
                Table.Apply(new Reported(Now, new ProgressBatch(Sample.A, [new SessionProgress(key, Epoch(key), [1, 1], [], [])], 0)));
            return Task.FromResult(true);
        });
        await compaction.RunAsync();

        await HasAsync("older");
    }

    [Fact]
    public async Task DamagedSegmentStaysSoThatItCanBeRestored()
    {
        await StartAsync(_table);
        await QueueAsync("damaged message", Forgotten);
        await DeliverAsync(100);
        Assert.Equal(JournalResult.Ok, await Writer.SnapshotAsync());
        var file = _disk.Files().Single(file => _disk.Contents(file).AsSpan().IndexOf("damaged message"u8) > 0);
        var bytes = _disk.Contents(file);
        bytes[bytes.AsSpan().IndexOf("damaged message"u8)] ^= 1;
        _disk.SetContents(file, bytes);
        _disk = _disk.Kill();
        await StartAsync(_opened = new SessionTable(new GrainOptions()));

        var compaction = await CompactAsync();

        Assert.Equal((0, 0), (compaction.Moved, compaction.Freed));
        Assert.Contains(file, _disk.Files());
    }

    private async Task StartAsync(SessionTable table)
    {
        var logs = LogStore.On(
            _disk, new NowExecutor(), new LogStoreOptions { SegmentBytes = 4_096, MinFreeBytes = 0 }, new ManualTimeProvider(),
            NullLogger<LogStore>.Instance);
        var opening = await new LogJournalStore<SessionSnapshot, SessionChange>(logs, new SessionCodec()).OpenAsync(0, 0, table);
        _writer = new(opening.Journal ?? throw new InvalidOperationException(opening.Fault), table.Snapshot, 0, () => (0, 0), _ => { });
        if (table.Count > 0)
            return;
        foreach (var key in (string[])[.. Forgotten, Busy])
        {
            var (request, epoch) = (Sample.Open(connection: ++_sequence, expiry: uint.MaxValue), table.NextEpoch(Now));
            table.Attach(key, request, epoch);
            await CommitAsync(new Attached(Now, key, request, epoch), []);
        }
    }

    /// <summary>Messages that one session gets and acknowledges.</summary>
    private async Task DeliverAsync(int messages)
    {
        for (var number = 0; number < messages; number++)
            await QueueAsync(new string('b', 400), [Busy]);
        var batch = new ProgressBatch(Sample.A, [new SessionProgress(Busy, Epoch(Busy), [1, long.MaxValue], [], [])], ++_sequence);
        Table.Report(batch);
        await CommitAsync(new Reported(Now, batch), []);
    }

    private async Task QueueAsync(string text, string[] keys)
    {
        var entry = new QueueEntry(Sample.Bytes(text), 0, [.. keys.Select(key => new QueueTarget(key, 1, false, []))]);
        var outcome = Table.Queue(new QueueBatch(Sample.A, ++_sequence, [entry]), Now);
        await CommitAsync(outcome.Change, outcome.Messages);
    }

    private async Task CommitAsync(SessionChange change, StoredMessage[] messages) =>
        Assert.Equal(JournalResult.Ok, await Writer.CommitAsync(change, change.Cost, first =>
        {
            for (var at = 0; at < messages.Length; at++)
                messages[at].Commit(first + at);
        }));

    private async Task<Compaction> CompactAsync()
    {
        var compaction = new Compaction(Table, Writer, () => Now, Least, _ => Task.FromResult(true));
        await compaction.RunAsync();
        return compaction;
    }

    private async Task HasAsync(params string[] texts)
    {
        foreach (var key in Forgotten)
        {
            var items = Table.Resume(key, Epoch(key), Now, isSettled: true)?.Page.Items ?? [];
            var bytes = new byte[]?[items.Count];
            Assert.Equal(JournalResult.Ok, await Writer.ReadAsync([.. items.Select(item => item.Message.Offset)], bytes));
            Assert.Equal(texts, bytes.Select(body => Sample.Text(body ?? [])));
            Assert.Equal(items.Select(item => item.Number).Order(), items.Select(item => item.Number));
        }
    }

    private ulong Epoch(string key) => Table.Info(key).Epoch;

    private int Segments() => _disk.Files().Count(file => file.EndsWith(".segment", StringComparison.Ordinal));
}
