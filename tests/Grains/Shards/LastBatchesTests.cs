using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;
using Xunit;

namespace GrainMQ.Tests.Grains.Shards;

public sealed class LastBatchesTests
{
    private readonly LastBatches<QueueReply> _producers = new(new QueueReply(SessionResult.Fenced, 0), new QueueReply(SessionResult.Ok, 0));

    [Fact]
    public void BatchIsTakenOnceAndAnsweredAgain()
    {
        Assert.Null(_producers.Check(Sample.A, 1));
        _producers.Remember(Sample.A, 1, new QueueReply(SessionResult.Ok, 3));

        Assert.Equal(new QueueReply(SessionResult.Ok, 3), _producers.Check(Sample.A, 1));
        Assert.Null(_producers.Check(Sample.A, 2));
    }

    [Fact]
    public void OlderBatchThatComesLateIsNotTakenAgain()
    {
        _producers.Remember(Sample.A, 7, new QueueReply(SessionResult.Ok, 3));
        Assert.Equal(new QueueReply(SessionResult.Ok, 0), _producers.Check(Sample.A, 5));
    }

    [Fact]
    public void BatchThatTheProducerGaveUpOnLeavesAGap()
    {
        _producers.Remember(Sample.A, 1, new QueueReply(SessionResult.Ok, 0));
        Assert.Null(_producers.Check(Sample.A, 3));
    }

    [Fact]
    public void NewIncarnationStartsAnewAndFencesTheOld()
    {
        _producers.Remember(Sample.A, 7, new QueueReply(SessionResult.Ok, 0));
        var restarted = Sample.A with { Incarnation = 2 };

        Assert.Null(_producers.Check(restarted, 1));
        _producers.Remember(restarted, 1, new QueueReply(SessionResult.Ok, 0));
        Assert.Equal(SessionResult.Fenced, _producers.Check(Sample.A, 8)?.Result);
    }
}
