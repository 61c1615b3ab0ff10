using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions;

public sealed class ProducerSequencesTests
{
    private readonly ProducerSequences _producers = new();

    [Fact]
    public void BatchIsTakenOnceAndAnsweredAgain()
    {
        Assert.Null(_producers.Check(Sample.A, 1));
        _producers.Taken(Sample.A, 1, dropped: 3);

        Assert.Equal(new QueueReply(SessionResult.Ok, 3), _producers.Check(Sample.A, 1));
        Assert.Null(_producers.Check(Sample.A, 2));
    }

    [Fact]
    public void OlderBatchThatComesLateIsNotTakenAgain()
    {
        _producers.Taken(Sample.A, 7, 3);
        Assert.Equal(new QueueReply(SessionResult.Ok, 0), _producers.Check(Sample.A, 5));
    }

    [Fact]
    public void BatchThatTheProducerGaveUpOnLeavesAGap()
    {
        _producers.Taken(Sample.A, 1, 0);
        Assert.Null(_producers.Check(Sample.A, 3));
    }

    [Fact]
    public void NewIncarnationStartsAnewAndFencesTheOld()
    {
        _producers.Taken(Sample.A, 7, 0);
        var restarted = Sample.A with { Incarnation = 2 };

        Assert.Null(_producers.Check(restarted, 1));
        _producers.Taken(restarted, 1, 0);
        Assert.Equal(SessionResult.Fenced, _producers.Check(Sample.A, 8)?.Result);
    }
}
