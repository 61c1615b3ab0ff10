using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Shards;
using Xunit;

namespace GrainMQ.Tests.Grains.Shards;

public sealed class LastBatchesTests
{
    private readonly LastBatches<QueueReply> _producers = new(new QueueReply(SessionResult.Ok, 0));

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
    public void EveryGatewayHasNumbersOfItsOwn()
    {
        _producers.Remember(Sample.A, 7, new QueueReply(SessionResult.Ok, 0));
        Assert.Null(_producers.Check(Sample.B, 1));
    }

    [Fact]
    public void GatewaysWithTheLowestNumbersAreForgottenFirst()
    {
        for (var number = 1; number <= 4_097; number++)
        {
            _producers.Remember(new GatewayRef(number), 1, new QueueReply(SessionResult.Ok, 0));
        }

        Assert.Null(_producers.Check(new GatewayRef(1), 1));
        Assert.NotNull(_producers.Check(new GatewayRef(2), 1));
    }
}
