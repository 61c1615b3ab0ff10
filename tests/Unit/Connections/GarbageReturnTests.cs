using GrainMQ.Gateway.Connections;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Connections;

public sealed class GarbageReturnTests
{
    private const long MiB = 1 << 20;
    private const long Near = 160 * MiB;

    private readonly ManualTimeProvider _time = new();
    private readonly ManualMemory _memory = new() { Used = 90 * MiB };
    private readonly GarbageReturn _garbage;

    public GarbageReturnTests() => _garbage = new GarbageReturn(_memory, _time);

    [Fact]
    public void WhatABurstLeavesBehindIsGivenBackNearTheLimit()
    {
        Look(3);
        (_memory.Used, _memory.Garbage) = (200 * MiB, 110 * MiB);

        Assert.Equal((90 * MiB, 110 * MiB), _garbage.Measure(Near));
    }

    [Fact]
    public void NearTheLimitTheProcessNeedNotBeQuiet()
    {
        _memory.Used = 200 * MiB;
        for (var second = 0; second < 3; second++)
        {
            _memory.Allocated += 100 * MiB;
            Look(1);
        }

        Assert.Equal(1, _memory.Collections);
    }

    [Fact]
    public void WhatIsHeldIsNotCollectedForAllTheTime()
    {
        _memory.Used = 200 * MiB;
        Look(3 + 6 + 12 + 24 + 24 - 1);
        Assert.Equal(4, _memory.Collections);

        _memory.Garbage = 100 * MiB; // in use at the last collection, and not any more
        Look(1);
        Assert.Equal(100 * MiB, _memory.Used);
    }

    [Fact]
    public void ALongCollectionIsSeldomRepeated()
    {
        _memory.Used = 200 * MiB;
        _memory.Collecting = () => _time.Advance(TimeSpan.FromSeconds(2));
        Look(3);
        Assert.Equal(1, _memory.Collections);

        Look(39); // a twentieth of the time
        Assert.Equal(1, _memory.Collections);
        Look(1);
        Assert.Equal(2, _memory.Collections);
    }

    [Fact]
    public void FarFromTheLimitAQuietProcessGivesBackWhatItHasGrownBy()
    {
        Look(10);
        (_memory.Used, _memory.Garbage) = (150 * MiB, 60 * MiB);
        _memory.Allocated += 60 * MiB;
        Look(1);
        Assert.Equal(0, _memory.Collections); // the burst may go on

        Look(1);
        Assert.Equal(1, _memory.Collections);
        Assert.Equal(90 * MiB, _memory.Used);
    }

    [Fact]
    public void LittleGrowthIsNotWorthIt()
    {
        _memory.Used = 120 * MiB;
        Look(299);
        Assert.Equal(0, _memory.Collections);
    }

    [Fact]
    public void ABusyProcessIsLeftAlone()
    {
        _memory.Used = 150 * MiB;
        for (var second = 0; second < 1000; second++)
        {
            _memory.Allocated += 4 * MiB;
            Look(1);
        }

        Assert.Equal(0, _memory.Collections);
    }

    [Fact]
    public void WhatWasInUseAtTheLastCollectionGoesWithinMinutes()
    {
        _memory.Used = 150 * MiB;
        Look(10);
        Assert.Equal(1, _memory.Collections);

        _memory.Garbage = 60 * MiB;
        Look(300);
        Assert.Equal(90 * MiB, _memory.Used);
    }

    private void Look(int seconds)
    {
        for (var second = 0; second < seconds; second++)
        {
            _time.Advance(TimeSpan.FromSeconds(1));
            _garbage.Measure(Near);
        }
    }
}
