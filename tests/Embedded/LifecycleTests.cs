using GrainMQ.Silo.Embedded;
using Xunit;

namespace GrainMQ.Tests.Embedded;

public sealed class LifecycleTests : IAsyncDisposable
{
    private readonly TestCluster _test = new();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task AFailedActivationFailsItsCallsAndTheNextCallTriesAnew()
    {
        var grain = _test.Grain<IProbe>("fails-once");
        var thrown = await Assert.ThrowsAsync<InvalidDataException>(() => grain.CountAsync());
        Assert.Equal("not yet", thrown.Message);
        Assert.Equal(0, _test.Cluster.ActivationCount);
        Assert.Equal(1, await grain.CountAsync());
        Assert.Equal(1, _test.Log.Journal.Count("5101"));
    }

    [Fact]
    public async Task DeactivateOnIdleEndsTheActivationAfterTheCall()
    {
        var grain = _test.Grain<IProbe>("a");
        var before = await grain.KeyAsync();
        await grain.DeactivateAsync();
        Assert.NotEqual(before, await grain.KeyAsync());
        Assert.Equal(["a activated", "a deactivated ApplicationRequested", "a activated"], _test.Journal.Entries);
    }

    [Fact]
    public async Task ADeactivationWaitsForRunningCallsAndHandsOnWaitingOnes()
    {
        var grain = _test.Grain<IReentrantProbe>("r:a");
        var held = grain.HoldAsync("held");
        await _test.Journal.Seen("held began");
        var before = await grain.KeyAsync();
        await grain.DeactivateAsync();
        var next = grain.KeyAsync();
        Assert.False(next.IsCompleted);
        _test.Journal.Open("held");
        await held;
        Assert.NotEqual(before, await next);
        Assert.Equal(["r:a activated", "held began", "held ended", "r:a deactivated ApplicationRequested", "r:a activated"], _test.Journal.Entries);
    }

    [Fact]
    public async Task ManyDeactivationsInARowLoseNoCall()
    {
        var grain = _test.Grain<IProbe>("a");
        var calls = Enumerable.Range(0, 200).Select(i => i % 2 == 0 ? grain.DeactivateAsync() : grain.CountAsync()).ToArray();
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task CallsThatRaceWithDeactivationsAreAllAnswered()
    {
        var racers = Enumerable.Range(0, 8).Select(racer => Task.Run(async () =>
        {
            for (var i = 0; i < 500; i++)
            {
                var grain = _test.Grain<IProbe>($"{i % 3}");
                if ((i + racer) % 5 == 0) await grain.DeactivateAsync();
                else Assert.InRange(await grain.CountAsync(), 1, 4_000);
            }
        }));
        await Task.WhenAll(racers);
    }

    [Fact]
    public async Task WhatAGrainLeftRunningGoesOnAfterItsEnd()
    {
        var grain = _test.Grain<IProbe>("a");
        await grain.LeaveRunningAsync("left");
        await grain.DeactivateAsync();
        await _test.Journal.Seen("a deactivated ApplicationRequested");
        _test.Journal.Open("left");
        await _test.Journal.Seen("left ended");
    }

    [Fact]
    public async Task AFailureInOnDeactivateIsLoggedAndTheNextCallFindsANewActivation()
    {
        var grain = _test.Grain<IProbe>("fails-end");
        await grain.DeactivateAsync();
        Assert.Equal(1, await grain.CountAsync());
        Assert.Equal(1, _test.Log.Journal.Count("5102"));
    }

    [Fact]
    public async Task AGrainThatAlwaysDeactivatesAsItActivatesFailsItsCalls()
    {
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => _test.Grain<IProbe>("ends-at-once").CountAsync());
        Assert.Contains("deactivates before it takes a call", thrown.Message);
    }

    [Fact]
    public async Task IdleActivationsAreCollectedAtTheirAgeLimitAndNotBefore()
    {
        await _test.Grain<IProbe>("a").CountAsync();
        await _test.Grain<INumbered>(1).KeyAsync();
        _test.Time.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(2, _test.Cluster.ActivationCount);
        _test.Time.Advance(TimeSpan.FromSeconds(30));
        await _test.Journal.Seen("a deactivated ActivationIdle");
        Assert.Equal(0, _test.Journal.Count("numbered deactivated ActivationIdle"));
        _test.Time.Advance(TimeSpan.FromMinutes(8));
        await _test.Journal.Seen("numbered deactivated ActivationIdle");
        Assert.Equal(1, await _test.Grain<IProbe>("a").CountAsync());
    }

    [Fact]
    public async Task ARunningCallAndAUsedActivationAreNotIdle()
    {
        var held = _test.Grain<IProbe>("busy").HoldAsync("held");
        await _test.Journal.Seen("held began");
        for (var minute = 0; minute < 10; minute++)
        {
            await _test.Grain<IProbe>("used").CountAsync();
            _test.Time.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Equal(11, await _test.Grain<IProbe>("used").CountAsync());
        Assert.Equal(2, _test.Cluster.ActivationCount);
        _test.Journal.Open("held");
        await Assert.ThrowsAsync<TimeoutException>(() => held); // 10 minutes by the clock
    }

    [Fact]
    public async Task AStopDeactivatesEverythingAndGrainsMayCallEachOtherMeanwhile()
    {
        await _test.Grain<IProbe>("calls-at-end").CountAsync();
        await _test.Grain<IProbe>("a").CountAsync();
        await _test.Cluster.StopAsync();
        Assert.Equal(0, _test.Cluster.ActivationCount);
        Assert.Equal(1, _test.Journal.Count("a deactivated ShuttingDown"));
        Assert.Equal(1, _test.Journal.Count("calls-at-end deactivated ShuttingDown"));
        Assert.Equal(1, _test.Journal.Count("called-at-end deactivated ShuttingDown"));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => _test.Grain<IProbe>("a").CountAsync());
    }

    [Fact]
    public async Task AStopDoesNotWaitForEverForAStuckGrain()
    {
        await using var test = new TestCluster(options => options.StopTimeout = TimeSpan.FromMilliseconds(1));
        await test.Grain<IProbe>("stuck-end").CountAsync();
        await test.Cluster.StopAsync();
        Assert.Equal(1, test.Log.Journal.Count("5105"));
        Assert.Equal(0, test.Cluster.ActivationCount);
    }

    [Fact]
    public async Task AFullQueueRefusesCalls()
    {
        await using var test = new TestCluster(options => options.MaximumQueueLength = 2);
        var grain = test.Grain<IProbe>("a");
        var held = grain.HoldAsync("held");
        await test.Journal.Seen("held began");
        var waiting = new[] { grain.CountAsync(), grain.CountAsync() };
        await Assert.ThrowsAsync<ActivationQueueFullException>(() => grain.CountAsync());
        test.Journal.Open("held");
        var answers = await Task.WhenAll(waiting);
        Assert.Equal([1, 2], answers);
        Assert.Equal(3, await grain.CountAsync());
        await held;
    }
}
