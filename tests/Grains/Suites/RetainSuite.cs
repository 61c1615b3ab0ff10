using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Suites;

public abstract class RetainSuite : GrainSuite
{
    private long _sequence;

    private IRetainGrain Shard => Cluster.Client.GetGrain<IRetainGrain>(0L);

    [Fact]
    public async Task MessagesAreFoundPageByPage()
    {
        foreach (var chunk in Enumerable.Range(0, 2_500).Chunk(100))
        {
            await SetAsync([.. chunk.Select(i => new RetainEntry($"d/{i:D4}/state", Sample.Bytes($"{i}"), 0))]);
        }

        var (topics, pages, after) = (new List<string>(), 0, (string?)null);
        do
        {
            var page = await Shard.QueryAsync(new RetainQuery("t", "d/+/state", after, 1_000, 1 << 20));
            topics.AddRange(page.Messages.Select(entry => entry.Topic));
            (pages, after) = (pages + 1, page.Next);
        }
        while (after is not null);

        Assert.Equal(Enumerable.Range(0, 2_500).Select(i => $"d/{i:D4}/state"), topics);
        Assert.Equal(3, pages);
    }

    [Fact]
    public async Task AcknowledgedMessagesSurviveTheLossOfEveryActivation()
    {
        await SetAsync(new RetainEntry("a", [1], 0), new RetainEntry("b", [2], 0));
        KillEverything();
        await SetAsync(new RetainEntry("b", null, 0), new RetainEntry("c", [3], 0));
        KillEverything();

        Assert.Equal(["a", "c"], await TopicsAsync());
    }

    [Fact]
    public async Task SurvivorsOfManySnapshotsAreComplete()
    {
        for (var round = 0; round < 30; round++)
        {
            await SetAsync([.. Enumerable.Range(0, 20).Select(i => new RetainEntry($"a/{i}", new byte[20_000], 0))]); // 400 KB a batch
        }

        KillEverything();

        Assert.Equal(20, (await TopicsAsync()).Length);
    }

    [Fact]
    public async Task MessageExpires()
    {
        await SetAsync(new RetainEntry("a", [1], Time.GetUtcNow().ToUnixTimeMilliseconds() + 1_000), new RetainEntry("b", [1], 0));
        Advance(0.999);
        Assert.Equal(["a", "b"], await TopicsAsync());
        Advance(0.001);
        Assert.Equal(["b"], await TopicsAsync());
        KillEverything();
        Assert.Equal(["b"], await TopicsAsync());
    }

    [Fact]
    public async Task RetryCannotBringBackAnOlderMessage()
    {
        var old = new RetainBatch("t", Sample.A, 1, [new RetainEntry("a", Sample.Bytes("old"), 0)]);
        await Shard.SetAsync(old);
        await Shard.SetAsync(old with { Sequence = 2, Entries = [new RetainEntry("a", Sample.Bytes("new"), 0)] });
        KillEverything();

        Assert.Equal(SessionResult.Ok, (await Shard.SetAsync(old)).Result);
        var page = await Shard.QueryAsync(new RetainQuery("t", "a", null, 1, 1));
        Assert.Equal("new", Sample.Text(Assert.Single(page.Messages).Message ?? []));
    }

    [Fact]
    public async Task MessagesOverTheQuotaAreRefusedOneByOne()
    {
        var reply = await SetAsync([.. Enumerable.Range(0, 3_002).Select(i => new RetainEntry($"{i}", [1], 0))]);
        Assert.Equal([3_000, 3_001], reply.Refused);
    }

    [Fact]
    public async Task TwoActivationsNeverBothAnswer()
    {
        await SetAsync(new RetainEntry("a", [0], 0));
        Cluster.ForceSecondActivation(Shard, TimeSpan.FromSeconds(1));
        for (var i = 1; i <= 20; i++)
        {
            _sequence++;
            var batch = new RetainBatch("t", Sample.A, _sequence, [new RetainEntry($"a/{i}", [1], 0)]);
            while ((await Shard.SetAsync(batch)).Result == SessionResult.Busy)
            {
                Advance(0.1);
            }
        }
        Advance(2);
        KillEverything();

        Assert.Equal(21, (await TopicsAsync()).Length);
    }

    protected override void Configure(GrainOptions options)
    {
        base.Configure(options);
        options.RetainedMaxMessages = 3_000;
    }

    private Task<RetainReply> SetAsync(params RetainEntry[] entries) =>
        Shard.SetAsync(new RetainBatch("t", Sample.A, ++_sequence, entries));

    private async Task<string[]> TopicsAsync()
    {
        var page = await Shard.QueryAsync(new RetainQuery("t", "#", null, 1_000, int.MaxValue));
        Assert.Null(page.Next);
        return [.. page.Messages.Select(entry => entry.Topic)];
    }
}
