using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Unit.StoreLink;

public sealed class CommitsTests
{
    [Theory]
    [InlineData(SessionResult.Ok, SessionResult.Ok, SessionResult.Ok)]
    [InlineData(SessionResult.Busy, SessionResult.Ok, SessionResult.Busy)]
    [InlineData(SessionResult.Ok, SessionResult.Full, SessionResult.Full)]
    [InlineData(SessionResult.Busy, SessionResult.Full, SessionResult.Busy)]
    public async Task FailureOfOneOfTwoIsThatOfBoth(SessionResult first, SessionResult second, SessionResult both) =>
        Assert.Equal(both, await Task.FromResult(first).And(Task.FromResult(second)));

    [Theory] // I5
    [InlineData(true)]
    [InlineData(false)]
    public async Task BothAreAwaited(bool isFirstLast)
    {
        var (one, other) = (new TaskCompletionSource<SessionResult>(), Task.FromResult(SessionResult.Ok));
        var both = isFirstLast ? one.Task.And(other) : Commits.And(other, one.Task);
        Assert.False(both.IsCompleted);
        one.SetResult(SessionResult.Ok);
        Assert.Equal(SessionResult.Ok, await both);
    }

    [Fact]
    public void NothingToWaitForAddsNothing()
    {
        var commit = Task.FromResult(SessionResult.Ok);
        Assert.Same(commit, Commits.And(null, commit));
    }
}
