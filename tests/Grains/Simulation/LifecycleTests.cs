using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

public sealed class LifecycleTests : IAsyncDisposable
{
    private readonly ProbeCluster _test = new();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public void FailedActivationFailsTheCallsThatWaitAndTheNextCallTriesAnew()
    {
        var grain = _test.Grain<IProbe>("fails-once");
        var (first, second) = (grain.CountAsync(), grain.CountAsync());
        Assert.Equal("not yet", Assert.Throws<InvalidDataException>(() => _test.Cluster.Run(first)).Message);
        Assert.Throws<InvalidDataException>(() => _test.Cluster.Run(second));
        Assert.Empty(_test.Cluster.Activations);
        Assert.Equal(1, _test.Cluster.Run(grain.CountAsync()));
        Assert.Equal([5101], _test.Log.Ids);
    }

    [Fact]
    public void DeactivateOnIdleEndsTheActivationAfterTheCall()
    {
        var grain = _test.Grain<IProbe>("a");
        var before = _test.Cluster.Run(grain.KeyAsync());
        _test.Cluster.Run(grain.DeactivateAsync());
        Assert.NotEqual(before, _test.Cluster.Run(grain.KeyAsync()));
        Assert.Equal(["a activated", "a deactivated ApplicationRequested", "a activated"], _test.Journal.Entries);
    }

    [Fact]
    public void DeactivationWaitsForRunningCallsAndHandsOnWaitingOnes()
    {
        var grain = _test.Grain<IReentrantProbe>("r:a");
        var held = grain.HoldAsync("held");
        var before = _test.Cluster.Run(grain.KeyAsync());
        _test.Cluster.Run(grain.DeactivateAsync());
        var next = grain.KeyAsync();
        _test.Advance(1);
        Assert.False(next.IsCompleted);
        _test.Journal.Open("held");
        _test.Cluster.Run(held);
        Assert.NotEqual(before, _test.Cluster.Run(next));
        Assert.Equal(["r:a activated", "held began", "held ended", "r:a deactivated ApplicationRequested", "r:a activated"], _test.Journal.Entries);
    }

    [Fact]
    public void EveryCallThatWaitsDuringADeactivationIsAnsweredByTheNextActivation()
    {
        var grain = _test.Grain<IProbe>("slow-end");
        var ending = grain.DeactivateAsync();
        var waiting = Enumerable.Range(0, 5).Select(_ => grain.CountAsync()).ToArray();
        _test.Cluster.Run(ending);
        _test.Advance(1);
        Assert.DoesNotContain(waiting, call => call.IsCompleted);
        _test.Journal.Open("end");
        Assert.Equal([1, 2, 3, 4, 5], _test.Cluster.Run(Task.WhenAll(waiting)));
    }

    [Fact]
    public void CallThatMeetsOneEndAfterAnotherIsRefusedInTheEnd()
    {
        var grain = _test.Grain<IProbe>("ends-at-once");
        Assert.Contains("Forwarding failed", Assert.Throws<OrleansMessageRejectionException>(() => _test.Cluster.Run(grain.CountAsync())).Message);
        Assert.Equal(3, _test.Journal.Count("ends-at-once activated"));
    }

    [Fact]
    public void EndThatComesWhileActivatingCancelsIt()
    {
        var grain = _test.Grain<IProbe>("stops-at-start");
        Assert.Throws<OrleansMessageRejectionException>(() => _test.Cluster.Run(grain.CountAsync()));
        Assert.Equal(3, _test.Journal.Count("stops-at-start cancelled"));
        Assert.Empty(_test.Log.Ids);
    }

    [Fact]
    public void WhatAGrainLeftRunningGoesOnAfterItsEnd()
    {
        var grain = _test.Grain<IProbe>("a");
        _test.Cluster.Run(grain.LeaveRunningAsync("left"));
        _test.Cluster.Run(grain.DeactivateAsync());
        _test.Cluster.RunReady();
        _test.Journal.Open("left");
        _test.Cluster.RunReady();
        Assert.Equal(["a activated", "left began", "a deactivated ApplicationRequested", "left ended"], _test.Journal.Entries);
    }

    [Fact]
    public void FailureInOnDeactivateIsLoggedAndTheNextCallFindsANewActivation()
    {
        var grain = _test.Grain<IProbe>("fails-end");
        _test.Cluster.Run(grain.DeactivateAsync());
        Assert.Equal(1, _test.Cluster.Run(grain.CountAsync()));
        Assert.Equal([5102], _test.Log.Ids);
    }

    [Fact]
    public void IdleActivationsAreCollectedAtTheirAgeLimitAndNotBefore()
    {
        _test.Cluster.Run(_test.Grain<IProbe>("a").CountAsync());
        _test.Cluster.Run(_test.Grain<INumbered>(1).KeyAsync());
        _test.Advance(9.9 * 60);
        Assert.Equal(2, _test.Cluster.Activations.Count);
        _test.Advance(60);
        Assert.Equal(["ProbeGrain/a"], _test.Cluster.Activations);
        Assert.Equal(1, _test.Journal.Count("numbered deactivated ActivationIdle"));
        for (var minute = 0; minute < 6; minute++)
        {
            _test.Advance(60);
        }

        Assert.Empty(_test.Cluster.Activations);
    }

    [Fact]
    public void RunningCallAndAUsedActivationAreNotIdle()
    {
        _ = _test.Grain<IProbe>("busy").HoldAsync("held");
        for (var minute = 0; minute < 30; minute++)
        {
            _test.Cluster.Run(_test.Grain<IProbe>("used").CountAsync());
            _test.Advance(60);
        }
        Assert.Equal(31, _test.Cluster.Run(_test.Grain<IProbe>("used").CountAsync()));
        Assert.Equal(2, _test.Cluster.Activations.Count);
    }

    [Fact]
    public void StopDeactivatesEverythingAndGrainsMayCallEachOtherMeanwhile()
    {
        _test.Cluster.Run(_test.Grain<IProbe>("calls-at-end").CountAsync());
        _test.Cluster.Run(_test.Grain<IProbe>("a").CountAsync());
        _test.Cluster.Run(() => _test.Cluster.StopAsync());
        Assert.Empty(_test.Cluster.Activations);
        Assert.Equal(1, _test.Journal.Count("a deactivated ShuttingDown"));
        Assert.Equal(1, _test.Journal.Count("calls-at-end deactivated ShuttingDown"));
        Assert.Equal(1, _test.Journal.Count("called-at-end deactivated ShuttingDown"));
        Assert.Throws<SiloUnavailableException>(() => _test.Cluster.Run(_test.Grain<IProbe>("a").CountAsync()));
    }

    [Fact]
    public void StopEndsBothActivationsOfAGrain()
    {
        var grain = _test.Grain<IProbe>("a");
        _test.Cluster.Run(grain.CountAsync());
        _test.Cluster.ForceSecondActivation(grain, TimeSpan.FromHours(1));
        _test.Cluster.RunReady();
        _test.Cluster.Run(() => _test.Cluster.StopAsync());
        Assert.Equal(2, _test.Journal.Count("a deactivated ShuttingDown"));
    }

    [Fact]
    public void StopDoesNotWaitForEverForACallThatHangs()
    {
        var held = _test.Grain<IProbe>("a").HoldAsync("held");
        _test.Cluster.RunReady();
        _test.Cluster.Run(() => _test.Cluster.StopAsync());
        Assert.Equal([5105], _test.Log.Ids);
        Assert.True(held.IsFaulted);
    }
}
