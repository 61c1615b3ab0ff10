using System.Text;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>A page of retained messages leaves out the topics whose new message went ahead of it.</summary>
public sealed class RetainedOvertakingTests
{
    private readonly RetainedOvertaking _overtaking = new();

    [Fact]
    public void RetainedMessageOvertakesTheReplaysThatAreUnderWay()
    {
        var before = Begin();
        _overtaking.Note(Of("a"));
        var after = Begin();

        Assert.True(before.IsOvertaken(Of("a")));
        Assert.False(before.IsOvertaken(Of("b")));
        Assert.False(after.IsOvertaken(Of("a"))); // its first page has the new message
    }

    [Fact]
    public void MessageThatIsNotRetainedOvertakesNothing()
    {
        var replay = Begin();
        _overtaking.Note(Of("a", retain: false));
        Assert.False(replay.IsOvertaken(Of("a")));
    }

    [Fact]
    public void ReplayThatEndedNotesNothingMore()
    {
        var (ended, other) = (Begin(), Begin());
        _overtaking.Remove(ended);
        Assert.False(_overtaking.IsEmpty);
        _overtaking.Note(Of("a"));
        Assert.Equal(0, ended.Overtaken);
        Assert.Equal(1, other.Overtaken);
        _overtaking.Remove(other);
        Assert.True(_overtaking.IsEmpty);
    }

    [Fact]
    public void TopicsOfAllReplaysAreBounded()
    {
        RetainedReplay[] replays = [Begin(), Begin(), Begin(), Begin()];
        for (var topic = 0; topic < RetainedOvertaking.MostTopics / 4 + 10; topic++)
        {
            _overtaking.Note(Of($"{topic}"));
        }

        Assert.All(replays, replay => Assert.Equal(RetainedOvertaking.MostTopics / 4, replay.Overtaken));
        Assert.True(replays[0].IsOvertaken(Of("0"))); // the oldest are kept
    }

    private static Message Of(string topic, bool retain = true) =>
        Message.Create(Encoding.UTF8.GetBytes(topic), [], [], QoS.AtMostOnce, retain, expiresAt: 0);

    private RetainedReplay Begin()
    {
        var replay = new RetainedReplay(session: null!, connection: null!); // it delivers nothing
        _overtaking.Add(replay);
        return replay;
    }
}
