using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

public sealed class ShareGroupTests
{
    [Theory]
    [InlineData(ShareStrategy.RoundRobin)]
    [InlineData(ShareStrategy.Random)]
    [InlineData(ShareStrategy.Sticky)]
    [InlineData(ShareStrategy.HashClientId)]
    [InlineData(ShareStrategy.HashTopic)]
    public void AnUnavailableMemberSwallowsNothing(ShareStrategy strategy)
    {
        var (group, members) = GroupOf(3, strategy);
        members[0].IsAvailable = members[2].IsAvailable = false;
        for (ulong i = 0; i < 50; i++)
        {
            Assert.Same(members[1], group.TryPick(i, i * 7));
        }

        members[1].IsAvailable = false;
        Assert.Null(group.TryPick(1, 1));
        members[1].CanQueue = members[2].CanQueue = false;
        Assert.Same(members[0], group.PickAny(1, 1));
        members[0].CanQueue = false;
        Assert.Null(group.PickAny(1, 1));
    }

    [Theory]
    [InlineData(ShareStrategy.RoundRobin)]
    [InlineData(ShareStrategy.Random)]
    [InlineData(ShareStrategy.Sticky)]
    [InlineData(ShareStrategy.HashClientId)]
    [InlineData(ShareStrategy.HashTopic)]
    public void EveryMemberGetsAShare(ShareStrategy strategy)
    {
        var (group, members) = GroupOf(4, strategy);
        var random = new Random(1);
        var counts = Enumerable.Range(0, 4000)
            .CountBy(_ => group.TryPick((ulong)random.NextInt64(), (ulong)random.NextInt64())!)
            .ToDictionary();

        Assert.All(members, member => Assert.InRange(counts[member], 600, 1400));
    }

    [Fact]
    public void RoundRobinGoesInTurn()
    {
        var (group, _) = GroupOf(3, ShareStrategy.RoundRobin);
        var picks = Enumerable.Range(0, 9).Select(_ => group.TryPick(5, 5)).ToList();

        Assert.Equal(3, picks.Distinct().Count());
        for (var i = 3; i < picks.Count; i++)
        {
            Assert.Same(picks[i - 3], picks[i]);
        }
    }

    [Fact]
    public void StickyStaysWhileOthersComeAndGo()
    {
        var (group, members) = GroupOf(3, ShareStrategy.Sticky);
        var chosen = group.TryPick(9, 0);
        var joined = new Member();
        group.Add(joined);
        group.Remove(members.First(member => member != chosen));
        for (ulong topic = 0; topic < 20; topic++)
        {
            Assert.Same(chosen, group.TryPick(9, topic));
        }

        group.Remove(chosen!);
        var next = group.TryPick(9, 0);
        Assert.NotSame(chosen, next);
        for (ulong topic = 0; topic < 20; topic++)
        {
            Assert.Same(next, group.TryPick(9, topic));
        }
    }

    [Fact]
    public void HashStrategiesDependOnTheirHashAlone()
    {
        var (group, _) = GroupOf(5, ShareStrategy.HashClientId);
        Assert.Single(Enumerable.Range(0, 20).Select(topic => group.TryPick(77, (ulong)topic)).Distinct());
        (group, _) = GroupOf(5, ShareStrategy.HashTopic);
        Assert.Single(Enumerable.Range(0, 20).Select(publisher => group.TryPick((ulong)publisher, 77)).Distinct());
    }

    [Fact]
    public void MembersJoinAndLeaveOnce()
    {
        var group = new ShareGroup<Member>(ShareStrategy.RoundRobin);
        var member = new Member();
        Assert.Null(group.TryPick(1, 1));
        Assert.True(group.Add(member));
        Assert.False(group.Add(member));
        Assert.Equal(1, group.Count);
        Assert.True(group.Remove(member));
        Assert.False(group.Remove(member));
        Assert.Null(group.PickAny(1, 1));
    }

    [Theory]
    [InlineData(ShareStrategy.RoundRobin)]
    [InlineData(ShareStrategy.Sticky)]
    public void AMemberIsReplacedInOneStep(ShareStrategy strategy)
    {
        var (group, members) = GroupOf(1, strategy);
        var successor = new Member();
        Assert.Same(members[0], group.TryPick(3, 3));
        Assert.True(group.Replace(members[0], successor));
        Assert.Same(successor, group.TryPick(3, 3));
        Assert.False(group.Replace(members[0], new Member()));
        Assert.Equal(1, group.Count);
    }

    [Fact]
    public void ChoosingAllocatesNothing()
    {
        foreach (var strategy in Enum.GetValues<ShareStrategy>())
        {
            var (group, _) = GroupOf(8, strategy);
            group.TryPick(1, 1);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (ulong i = 0; i < 1000; i++)
            {
                group.TryPick(i, i);
            }

            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }
    }

    private static (ShareGroup<Member> Group, Member[] Members) GroupOf(int count, ShareStrategy strategy)
    {
        var group = new ShareGroup<Member>(strategy);
        var members = Enumerable.Range(0, count).Select(_ => new Member()).ToArray();
        foreach (var member in members)
        {
            group.Add(member);
        }

        return (group, members);
    }

    private sealed class Member : IShareMember
    {
        public bool IsAvailable { get; set; } = true;

        public bool CanQueue { get; set; } = true;
    }
}
