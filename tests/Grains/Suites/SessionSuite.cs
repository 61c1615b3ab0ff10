using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Suites;

public abstract class SessionSuite : GrainSuite
{
    [Fact]
    public async Task SessionIsResumedWithEverythingItHad()
    {
        var first = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 60));
        await Store.ApplyAsync(Sample.Subscribe(first.Epoch, [Sample.Subscription("a", identifier: 7), Sample.Subscription("b")]));
        await Store.ApplyAsync(Sample.Unsubscribe(first.Epoch, "b"));
        await Store.DetachAsync(Sample.Key, first.Epoch, Sample.Close(60, pending: [Sample.Pending("m")], qos2: [9]));
        await Store.QueueAsync(Sample.Batch(1, "n"));
        var second = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2, expiry: 60));

        Assert.True(second.SessionPresent);
        Assert.Equal([Sample.Subscription("a", identifier: 7)], second.State?.Subscriptions ?? []);
        Assert.Equal(["m", "n"], Sample.Texts(second.State?.Pending ?? []));
        Assert.Equal([9], second.State?.InboundQos2);
    }

    [Fact]
    public async Task MessagesOfAConnectedSessionStayUntilTheyAreReported() // I7
    {
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 60));
        var queued = await Store.QueueAsync(Sample.Batch(1, "1", "2", "3"));
        Assert.Equal([1, 2, 3], queued.Sequences ?? []);
        var page = await Store.ReadAsync(new QueueRead(Sample.Key, opened.Epoch, 1, 1, 1_000));
        Assert.Equal((2L, true), (page.Last, page.HasMore));
        Assert.Equal(["2"], Sample.Texts(page.Messages));

        var progress = new SessionProgress(Sample.Key, opened.Epoch, [1, 1], [new StartedDelivery(2, 7, PendingStage.Released)], []);
        for (var i = 0; i < 2; i++)
        {
            Assert.Empty((await Store.ReportAsync(new ProgressBatch(Sample.A, [progress]))).Fenced);
        }

        KillEverything();
        var resumed = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2, expiry: 60));

        Assert.Equal([(2, PendingStage.Released, ""), (3, PendingStage.Queued, "3")],
            resumed.State?.Pending.Select(message => (message.Sequence, message.Stage, Sample.Text(message.Message))));
        Assert.Equal(Sample.Key, Assert.Single((await Store.ReportAsync(new ProgressBatch(Sample.A, [progress]))).Fenced));
        Assert.Equal(SessionResult.Fenced, (await Store.ReadAsync(new QueueRead(Sample.Key, opened.Epoch, 0, 1, 1))).Result);
    }

    [Fact]
    public async Task LateCopyOfAReportFreesNoIdentifierThatIsInUseAgain()
    {
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 60));
        var entry = new QueueEntry(Sample.Bytes("m"), 0, [], new MessageOrigin(Sample.Key, 5));
        var released = new ProgressBatch(Sample.A, [new SessionProgress(Sample.Key, opened.Epoch, [], [], [5])], 1);
        await Store.QueueAsync(new QueueBatch(Sample.A, 1, [entry]));
        await Store.ReportAsync(released);
        await Store.QueueAsync(new QueueBatch(Sample.A, 2, [entry]));
        KillEverything();
        Assert.Equal(SessionResult.Ok, (await Store.ReportAsync(released)).Result);
        var resumed = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2, expiry: 60));

        Assert.Equal([5], resumed.State?.InboundQos2 ?? []);
        Assert.Equal([Sample.Key], (await Store.ReportAsync(released)).Fenced); // the first answer may have been lost
    }

    [Fact]
    public async Task LongBacklogIsReadInPages()
    {
        await DetachedAsync(Sample.Key, 60, "a");
        var texts = Enumerable.Range(0, 500).Select(i => $"{i}").ToArray();
        for (var from = 0; from < texts.Length; from += 50)
        {
            await Store.QueueAsync(Sample.Batch(from + 1, texts[from..(from + 50)]));
        }

        KillEverything();
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2_000, expiry: 60));
        var read = new List<PendingMessage>(opened.State?.Pending ?? []);
        Assert.Equal(64, read.Count);
        for (var hasMore = opened.State?.HasMore; hasMore == true;)
        {
            var page = await Store.ReadAsync(new QueueRead(Sample.Key, opened.Epoch, read[^1].Sequence, 100, 200));
            read.AddRange(page.Messages);
            hasMore = page.HasMore;
        }

        Assert.Equal(texts, Sample.Texts(read));
        Assert.Equal(Enumerable.Range(1, 500).Select(number => (long)number), read.Select(message => message.Sequence));
    }

    [Fact]
    public async Task OlderConnectionIsFencedEverywhere()
    {
        var old = await Store.AttachAsync(Sample.Key, Sample.Open(Sample.A, 1, expiry: 60));
        var current = await Store.AttachAsync(Sample.Key, Sample.Open(Sample.B, 1, expiry: 60));

        Assert.Equal(new SessionOwner(Sample.A, 1, old.Epoch), current.Previous);
        Assert.Equal(SessionResult.Fenced, await Store.ApplyAsync(Sample.Subscribe(old.Epoch, [Sample.Subscription("a")])));
        Assert.Equal(SessionResult.Fenced, await Store.ApplyAsync(Sample.Unsubscribe(old.Epoch, "a")));
        Assert.Equal(SessionResult.Fenced, await Store.DetachAsync(Sample.Key, old.Epoch, Sample.Close(60)));
        Assert.Equal(SessionResult.Fenced, await Session().CloseAsync(old.Epoch, Sample.Close(60, deactivate: true)));
        Assert.Equal(current.Epoch, (await Session().GetInfoAsync()).Owner?.Epoch);
    }

    [Fact]
    public async Task OfManyConcurrentOpensOneIsLastAndNamesItsPredecessor()
    {
        var replies = await Task.WhenAll(Enumerable.Range(1, 200).Select(connection => Task.Run(() =>
            Store.AttachAsync(Sample.Key, Sample.Open(connection % 2 == 0 ? Sample.A : Sample.B, connection, expiry: 60)))));

        var epochs = replies.Select(reply => reply.Epoch).Order().ToArray();
        Assert.All(replies, reply => Assert.Equal(SessionResult.Ok, reply.Result));
        Assert.Equal(epochs.Distinct(), epochs);
        // every connection but the last is replaced exactly once: none is forgotten, none is kicked twice
        Assert.Equal(epochs[..^1], replies.Select(reply => reply.Previous?.Epoch).OfType<ulong>().Order());
        Assert.Equal(epochs[^1], (await Session().GetInfoAsync()).Owner?.Epoch);
    }

    [Fact]
    public async Task AcknowledgedStateSurvivesTheLossOfEveryActivation()
    {
        await DetachedAsync(Sample.Key, 60, "a/b");
        await Store.QueueAsync(Sample.Batch(1, "1", "2"));
        KillEverything();
        await Store.QueueAsync(Sample.Batch(2, "3"));
        KillEverything();

        var reply = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2_000, expiry: 60));

        Assert.Equal(["1", "2", "3"], Sample.Texts(reply.State?.Pending ?? []));
        Assert.Equal("a/b", Assert.Single(reply.State?.Subscriptions ?? []).Filter);
    }

    [Fact]
    public async Task BatchThatIsSentAgainAfterALossIsTakenOnce()
    {
        await DetachedAsync(Sample.Key, 60, "a");
        await Store.QueueAsync(Sample.Batch(1, "1"));
        KillEverything();

        Assert.Equal(SessionResult.Ok, (await Store.QueueAsync(Sample.Batch(1, "1"))).Result);
        Assert.Equal(1, (await Session().GetInfoAsync()).Queued);
    }

    [Fact]
    public async Task EpochsRiseAcrossTheLossOfTheShard()
    {
        var before = await Store.AttachAsync("t/1", Sample.Open()); // without expiry and will: not journaled
        KillEverything();
        var after = await Store.AttachAsync("t/1", Sample.Open(Sample.B));

        Assert.True(after.Epoch > before.Epoch);
        Assert.Null(after.Previous);
        var entry = new ReattachEntry("t/1", new SessionOwner(Sample.A, 1, before.Epoch), 0, null, []);
        Assert.Equal(["t/1"], (await Store.ReattachAsync(new ReattachBatch(Sample.A, [entry]))).Fenced);
    }

    [Fact]
    public async Task ConnectionsAreNamedAgainAfterTheLossOfTheShard()
    {
        var reply = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 4));
        KillEverything();
        Assert.False((await Session().GetInfoAsync()).Exists);

        var owner = new SessionOwner(Sample.A, 4, reply.Epoch);
        await Store.ReattachAsync(new ReattachBatch(Sample.A, [new ReattachEntry(Sample.Key, owner, 0, null, [])]));

        Assert.Equal(owner, (await Session().GetInfoAsync()).Owner);
        Assert.Equal(owner, (await Store.AttachAsync(Sample.Key, Sample.Open(Sample.B, 1))).Previous);
    }

    [Fact]
    public async Task CloseThatDeactivatesTheClientsGrainIsCommitted()
    {
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 1, expiry: 60));
        var close = Sample.Close(60, pending: [Sample.Pending("m")], deactivate: true);
        Assert.Equal(SessionResult.Ok, await Session().CloseAsync(opened.Epoch, close));
        Assert.Equal(SessionResult.Ok, await Session().CloseAsync(opened.Epoch, close)); // the first answer was lost
        KillEverything();

        Assert.Equal((null, 1), await Session().GetInfoAsync() is var info ? (info.Owner, info.Queued) : default);
    }

    [Fact]
    public async Task CloseOfAnUnknownSessionIsNotFound() =>
        Assert.Equal(SessionResult.NotFound, await Session().CloseAsync(1, Sample.Close(deactivate: true)));

    [Fact]
    public async Task TwoActivationsOfAShardNeverBothAnswer()
    {
        await DetachedAsync(Sample.Key, 60, "a");
        Cluster.ForceSecondActivation(Store, TimeSpan.FromSeconds(1));
        for (var sequence = 1L; sequence <= 20; sequence++)
        {
            var batch = Sample.Batch(sequence, $"{sequence}");
            while ((await Store.QueueAsync(batch)).Result == SessionResult.Busy)
            {
                Advance(0.1);
            }
        }
        Advance(2);

        var reply = await Store.AttachAsync(Sample.Key, Sample.Open(connection: 2_000, expiry: 60));

        Assert.Equal(Enumerable.Range(1, 20).Select(i => $"{i}"), Sample.Texts(reply.State?.Pending ?? []));
    }

    [Fact]
    public async Task TwoActivationsOfAShardNeverGrantOneSessionUnseen()
    {
        Cluster.ForceSecondActivation(Store, TimeSpan.FromSeconds(1));
        var replies = new List<OpenReply>();
        for (var connection = 1; connection <= 20; connection++)
        {
            var request = Sample.Open(connection % 2 == 0 ? Sample.A : Sample.B, connection, expiry: 60);
            OpenReply reply;
            while ((reply = await Store.AttachAsync(Sample.Key, request)).Result == SessionResult.Busy)
            {
                Advance(0.1);
            }

            replies.Add(reply);
        }

        Assert.Equal(replies.SkipLast(1).Select(reply => (ulong?)reply.Epoch), replies.Skip(1).Select(reply => reply.Previous?.Epoch));
    }
}
