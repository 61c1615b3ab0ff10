using GrainMQ.Gateway.Sessions;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

public sealed class NumberRangesTests
{
    [Fact]
    public void NumbersThatFollowEachOtherAreOneRangeInWhateverOrderTheyCame()
    {
        var ranges = new NumberRanges();
        Assert.True(ranges.IsEmpty);
        foreach (var number in (long[])[4, 5, 6, 9, 1, 3, 12])
        {
            ranges.Add(number);
        }

        ranges.Add(20, 30);
        ranges.Add(7, 8);
        Assert.False(ranges.IsEmpty);
        Assert.Equal([1, 1, 3, 9, 12, 12, 20, 30], ranges.Take());
    }

    [Fact]
    public void WhatWasTakenIsGone()
    {
        var ranges = new NumberRanges();
        ranges.Add(1);
        Assert.Equal([1, 1], ranges.Take());
        Assert.True(ranges.IsEmpty);
        Assert.Empty(ranges.Take());
        ranges.Add(2);
        Assert.Equal([2, 2], ranges.Take());
    }
}
