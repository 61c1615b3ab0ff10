using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.Suites;

/// <summary>The grains on a disk that is full, broken, or was left behind by another process.</summary>
public sealed class LoggedShardTests : IAsyncLifetime
{
    private const long LeastFree = 50_000;

    private SimulatedDisk _disk = new(new Random(1));
    private SimulatedGrainCluster? _cluster;

    private SimulatedGrainCluster Cluster => _cluster ?? throw new InvalidOperationException("Not started.");

    private ISessionStoreGrain Store => Cluster.Client.GetGrain<ISessionStoreGrain>(0L);

    public ValueTask InitializeAsync()
    {
        Start();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    [Fact]
    public async Task FullDiskRefusesMessagesAndStillServesAndFreesThem() // I5, MQTT 5 reason 0x97
    {
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 600));
        var text = new string('x', 500);
        var sequence = 0L;
        Assert.Equal(SessionResult.Ok, (await Store.QueueAsync(Sample.Batch(++sequence, text, "2", "3"))).Result);
        _disk.Capacity = Used() + LeastFree + 100;
        while ((await Store.QueueAsync(Sample.Batch(++sequence, text))).Result == SessionResult.Ok)
        {
            Assert.True(sequence < 100);
        }

        Assert.Equal(SessionResult.Full, (await Store.QueueAsync(Sample.Batch(++sequence, text))).Result);
        var page = await Store.ReadAsync(new QueueRead(Sample.Key, opened.Epoch, 0, 3, 10_000));
        Assert.Equal([text, "2", "3"], Sample.Texts(page.Messages));
        var done = new ProgressBatch(Sample.A, [new SessionProgress(Sample.Key, opened.Epoch, [1, 2], [], [])], 1);
        Assert.Equal(SessionResult.Ok, (await Store.ReportAsync(done)).Result);
        Assert.Equal(SessionResult.Ok, await Store.DetachAsync(Sample.Key, opened.Epoch, Sample.Close(600)));
        await RestartAsync(_disk.Kill());
        opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2, expiry: 600)); // comes to read: no space is needed
        Assert.Equal("3", Sample.Text(opened.State?.Pending[0].Message ?? []));

        _disk.Capacity = long.MaxValue;
        Assert.Equal(SessionResult.Ok, (await Store.QueueAsync(Sample.Batch(++sequence, "again"))).Result);
    }

    [Fact]
    public async Task FullDiskDoesNotRefuseABatchThatIsSentAgain() // I6: its answer was lost, and it is in the queues
    {
        await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 600));
        Assert.Equal(SessionResult.Ok, (await Store.QueueAsync(Sample.Batch(1, "1"))).Result);
        _disk.Capacity = Used() + LeastFree;
        Assert.Equal(SessionResult.Full, (await Store.QueueAsync(Sample.Batch(2, "2"))).Result);

        Assert.Equal(SessionResult.Ok, (await Store.QueueAsync(Sample.Batch(1, "1"))).Result);
        await RestartAsync(_disk.Kill());
        Assert.Equal(SessionResult.Ok, (await Store.QueueAsync(Sample.Batch(1, "1"))).Result);
    }

    [Fact]
    public async Task BatchThatIsSentAgainIsNotRefusedForAnotherThatDoesNotFit() // I6: nor is it known whether the queues are as they were told
    {
        await Cluster.DisposeAsync();
        using var slow = new StepExecutor(new Random(1)) { IsHeld = false };
        Start(slow);
        await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 600));
        await Store.QueueAsync(Sample.Batch(1, "1"));
        _disk.Capacity = Used() + LeastFree;
        slow.IsHeld = true;
        var refused = Store.QueueAsync(Sample.Batch(Sample.B, 1, Sample.Key, 1, new string('x', 500)));
        var again = Store.QueueAsync(Sample.Batch(1, "1"));
        await Store.GetInfoAsync("t/none"); // the two have had their turn
        slow.RunUntil(again);

        Assert.Equal((SessionResult.Full, SessionResult.Busy), ((await refused).Result, (await again).Result));
        slow.IsHeld = false;
        Assert.Equal(SessionResult.Ok, (await Store.QueueAsync(Sample.Batch(1, "1"))).Result);
    }

    [Fact]
    public async Task FullDiskRefusesOnlyWhatHasToBeStored()
    {
        var filters = new[] { Sample.Subscription("a") };
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 600));
        Assert.Equal(SessionResult.Ok, await Store.ApplyAsync(Sample.Subscribe(opened.Epoch, filters)));
        _disk.Capacity = Used() + LeastFree;

        Assert.Equal(SessionResult.Full, (await Store.AttachAsync("t/durable", Sample.Open(connection: 2, expiry: 600))).Result);
        Assert.Equal(SessionResult.Full, (await Store.AttachAsync("t/with a will", Sample.Open(connection: 3, will: "gone"))).Result);
        Assert.Equal(SessionResult.Ok, (await Store.AttachAsync("t/passing", Sample.Open(connection: 4))).Result);
        Assert.Equal(SessionResult.Ok, await Store.ApplyAsync(Sample.Subscribe(opened.Epoch, filters))); // it has that
        Assert.Equal(SessionResult.Full, await Store.ApplyAsync(Sample.Subscribe(opened.Epoch, [Sample.Subscription("a", options: 2)])));
        Assert.Equal(SessionResult.Full, await Store.ApplyAsync(Sample.Subscribe(opened.Epoch, [Sample.Subscription("b")])));
    }

    [Fact]
    public async Task RefusedConnectLeavesTheSessionAsItWas()
    {
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 600));
        await Store.ApplyAsync(Sample.Subscribe(opened.Epoch, [Sample.Subscription("a")]));
        Assert.Equal(SessionResult.Ok, await Store.DetachAsync(Sample.Key, opened.Epoch, Sample.Close(600)));
        await RestartAsync(_disk.Kill());
        _disk.Capacity = Used(); // not even for a snapshot

        Assert.Equal(SessionResult.Full, (await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2, expiry: 600))).Result);
        var info = await Store.GetInfoAsync(Sample.Key);
        Assert.Equal((true, null), (info.Exists, info.Owner));
        var poll = await Store.PollAsync(Sample.Poll());
        Assert.Equal(Sample.Key, Assert.Single(poll.Deltas).Key); // gateways go on routing to it

        _disk.Capacity = long.MaxValue;
        Assert.Equal(SessionResult.Ok, (await Store.QueueAsync(Sample.Batch(1, "1"))).Result);
        opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 3, expiry: 600));
        Assert.Equal(["1"], Sample.Texts(opened.State?.Pending ?? []));
    }

    [Fact]
    public async Task ConnectsAtOnceOnASlowDiskEachNameTheConnectionBeforeThem() // else one of them would never be told that it is taken over
    {
        await Cluster.DisposeAsync();
        using var slow = new StepExecutor(new Random(1)) { IsHeld = false };
        Start(slow);
        var first = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 600));
        await Store.ApplyAsync(Sample.Subscribe(first.Epoch, Sample.Subscription("a")));
        slow.IsHeld = true;
        Task<OpenReply>[] opening =
            [.. Enumerable.Range(2, 3).Select(connection => Store.AttachAsync(Sample.Key, Sample.Open(Sample.B, connection, expiry: 600)))];
        foreach (var reply in opening)
        {
            slow.RunUntil(reply);
        }

        slow.IsHeld = false;

        var replies = await Task.WhenAll(opening);
        Assert.All(replies, reply => Assert.Equal((SessionResult.Ok, "a"), (reply.Result, reply.State?.Subscriptions[0].Filter)));
        ulong?[] chain = [first.Epoch, .. replies.Select(reply => (ulong?)reply.Epoch)];
        Assert.Equal(chain.SkipLast(1), replies.Select(reply => reply.Previous?.Epoch));
    }

    [Fact]
    public async Task FullDiskRefusesRetainedMessages()
    {
        var retain = Cluster.Client.GetGrain<IRetainGrain>(0L);
        Assert.Equal(SessionResult.Ok, (await retain.SetAsync(Retained(1, "a"))).Result);
        _disk.Capacity = Used() + LeastFree;

        SessionResult result;
        while ((result = (await retain.SetAsync(Retained(2, "b"))).Result) == SessionResult.Busy)
        {
            await Task.Yield();
        }

        Assert.Equal(SessionResult.Full, result);
        Assert.Equal("a", Assert.Single((await retain.QueryAsync(new RetainQuery("t", "#", null, 10, 1_000))).Messages).Topic);
        _disk.Capacity = long.MaxValue;
        Assert.Equal(SessionResult.Ok, (await retain.SetAsync(Retained(2, "b"))).Result);
    }

    [Fact]
    public async Task DiskThatFailsEndsTheActivationAndLosesNothingAcknowledged() // I11
    {
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 600));
        await Store.QueueAsync(Sample.Batch(1, "1"));
        _disk.Fault = (operation, _) =>
        {
            if (operation != DiskOperation.Flush)
            {
                return null;
            }

            _disk.Fault = (_, _) => null;
            return new IOException("The simulated disk failed.");
        };
        Assert.Equal(SessionResult.Busy, (await Store.QueueAsync(Sample.Batch(2, "2"))).Result);

        Assert.Equal(SessionResult.Ok, (await Store.QueueAsync(Sample.Batch(2, "2"))).Result);
        await RestartAsync(_disk.PowerCut());
        opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2, expiry: 600));
        Assert.Equal(["1", "2"], Sample.Texts(opened.State?.Pending ?? []));
    }

    [Fact]
    public async Task DamagedMessageIsNeverServedAndTheOthersAre()
    {
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 600));
        foreach (var number in (long[])[1, 2, 3])
        {
            await Store.QueueAsync(Sample.Batch(number, $"message {number}"));
        }

        var file = _disk.Files().Single(file => file.StartsWith("sessions/0/", StringComparison.Ordinal) && _disk.Contents(file).AsSpan().IndexOf("message 2"u8) > 0);
        var bytes = _disk.Contents(file);
        bytes[bytes.AsSpan().IndexOf("message 2"u8)] ^= 1;
        _disk.SetContents(file, bytes);
        await RestartAsync(_disk.Kill());

        opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2, expiry: 600));
        Assert.Equal([(1, "message 1"), (3, "message 3")], opened.State?.Pending.Select(message => (message.Sequence, Sample.Text(message.Message))));
    }

    private static RetainBatch Retained(long sequence, string topic) =>
        new("t", Sample.A, sequence, [new RetainEntry(topic, new byte[200], 0)]);

    private long Used() => _disk.Files().Sum(file => (long)_disk.Contents(file).Length);

    private async Task RestartAsync(SimulatedDisk disk)
    {
        await Cluster.DisposeAsync();
        _disk = disk;
        Start();
    }

    private void Start(IStorageExecutor? executor = null)
    {
        var logs = new SegmentLogStore(
            _disk, executor ?? new InlineExecutor(), new LogStoreOptions { MinFreeBytes = LeastFree }, new ManualTimeProvider(), NullLogger<SegmentLogStore>.Instance);
        _cluster = new SimulatedGrainCluster(options => (options.StoreShards, options.RetainShards) = (1, 1), logs: logs);
    }
}
