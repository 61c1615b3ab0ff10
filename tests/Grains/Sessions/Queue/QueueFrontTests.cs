using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Queue;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.Queue;

public sealed class QueueFrontTests
{
    private readonly QueueFront _front = new();

    private IEnumerable<long> Numbers => _front.Items.Select(item => item.Number);

    [Fact]
    public void ReleasedDeliveriesComeFirstInTheOrderOfTheirRelease() // [MQTT-4.6.0-4]
    {
        _front.Begin(Item(1, PendingStage.Published));
        _front.Begin(Item(2, PendingStage.Published));
        _front.Begin(Item(3, PendingStage.Released));
        _front.Advance(Item(2, PendingStage.Released));

        Assert.Equal([3, 2, 1], Numbers);
    }

    [Fact]
    public void HandedMessageStaysBehindTheOthersAtAnyStage()
    {
        _front.Begin(Item(1, PendingStage.Published));
        _front.AddLast(Item(2, PendingStage.Released));

        Assert.Equal([1, 2], Numbers);
    }

    [Fact]
    public void DeliveriesThatHaveBegunAreCounted()
    {
        _front.AddLast(Item(1, PendingStage.Queued));
        _front.Begin(Item(2, PendingStage.Published));
        Assert.Equal((1, Item(2, PendingStage.Published).Cost), (_front.Begun, _front.BegunBytes));
        Assert.Equal(1, _front.OldestUnbegun);

        _front.Advance(Item(1, PendingStage.Published));
        Assert.Equal(2, _front.Begun);
        Assert.Null(_front.OldestUnbegun);

        Assert.True(_front.TryRemove(1, out _));
        Assert.True(_front.TryRemove(2, out _));
        Assert.False(_front.TryRemove(2, out _));
        Assert.Equal((0, 0, 0L), (_front.Count, _front.Begun, _front.BegunBytes));
    }

    [Fact]
    public void NumbersOfARangeAreFound()
    {
        for (var number = 1; number <= 5; number++)
        {
            _front.AddLast(Item(number, PendingStage.Queued));
        }

        Assert.Equal([2, 3, 4], _front.Between(2, 4).Order());
        Assert.Equal([5], _front.Between(5, 5));
        Assert.Empty(_front.Between(6, 6));
    }

    private static QueueItem Item(long number, PendingStage stage) =>
        new(number, new StoredMessage(new MessageBody([1, 2, 3], 3, 0)), 2, false, [], stage, (ushort)number);
}
