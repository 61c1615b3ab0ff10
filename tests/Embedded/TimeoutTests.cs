using Xunit;

namespace GrainMQ.Tests.Embedded;

public sealed class TimeoutTests : IAsyncDisposable
{
    private readonly TestCluster _test = new(options => options.CallTimeout = TimeSpan.FromSeconds(5));

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task ARunningAndAWaitingCallTimeOutAndTheGrainGoesOn()
    {
        var grain = _test.Grain<IProbe>("a");
        var running = grain.HoldAsync("held");
        await _test.Journal.Seen("held began");
        var waiting = grain.CountAsync();
        while (_test.Time.ArmedTimers < 2) await Task.Yield(); // collector and timeouts
        _test.Time.Advance(TimeSpan.FromSeconds(4.9));
        Assert.False(running.IsCompleted || waiting.IsCompleted);
        _test.Time.Advance(TimeSpan.FromSeconds(0.2));
        var thrown = await Assert.ThrowsAsync<TimeoutException>(() => running);
        Assert.Equal("IProbe.HoldAsync on ProbeGrain/a did not answer within 5 s.", thrown.Message);
        await Assert.ThrowsAsync<TimeoutException>(() => waiting);
        _test.Journal.Open("held");
        Assert.Equal(1, await grain.CountAsync()); // the waiting call was never run
        Assert.Equal(1, _test.Journal.Count("held ended"));
    }

    [Fact]
    public async Task EveryCallHasItsOwnDeadline()
    {
        var first = _test.Grain<IProbe>("a").HoldAsync("first");
        await _test.Journal.Seen("first began");
        while (_test.Time.ArmedTimers < 2) await Task.Yield();
        _test.Time.Advance(TimeSpan.FromSeconds(3));
        var second = _test.Grain<IProbe>("b").HoldAsync("second");
        await _test.Journal.Seen("second began");
        await _test.Grain<IProbe>("b").PeekAsync(); // after the first turn, so the deadline is set
        _test.Time.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<TimeoutException>(() => first);
        Assert.False(second.IsCompleted);
        _test.Time.Advance(TimeSpan.FromSeconds(3));
        await Assert.ThrowsAsync<TimeoutException>(() => second);
    }

    [Fact]
    public async Task AnAnsweredCallDoesNotTimeOut()
    {
        var held = _test.Grain<IProbe>("a").HoldAsync("held");
        await _test.Journal.Seen("held began");
        _test.Journal.Open("held");
        await held;
        _test.Time.Advance(TimeSpan.FromSeconds(60));
        Assert.True(held.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task AnActivationThatHangsIsGivenUp()
    {
        var grain = _test.Grain<IProbe>("slow-start");
        var call = grain.CountAsync();
        await _test.Journal.Seen("slow-start activated");
        while (_test.Time.ArmedTimers < 2) await Task.Yield();
        _test.Time.Advance(TimeSpan.FromSeconds(6));
        await Assert.ThrowsAsync<TimeoutException>(() => call);
        _test.Journal.Open("start");
        Assert.Equal(1, await grain.CountAsync());
        Assert.Equal(2, _test.Journal.Count("slow-start activated"));
    }
}
