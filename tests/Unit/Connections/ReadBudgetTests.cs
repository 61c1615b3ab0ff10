using GrainMQ.Gateway.Connections;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Connections;

public sealed class ReadBudgetTests
{
    [Fact]
    public void NoMoreIsTakenThanThereIs()
    {
        var budget = new ReadBudget(100);
        Assert.True(budget.TryTake(60));
        Assert.False(budget.TryTake(41));
        Assert.Equal(60, budget.Used);
        Assert.True(budget.TryTake(40));

        budget.Return(60);
        Assert.True(budget.TryTake(60));
    }

    [Fact]
    public void ThoseThatWaitGoOnWhenAQuarterIsFree()
    {
        var budget = new ReadBudget(100);
        budget.TryTake(100);
        var (one, other) = (budget.FreedAsync(), budget.FreedAsync());
        budget.Return(24);
        Assert.False(one.IsCompleted);
        Assert.True(budget.IsAwaited);

        budget.Return(1);
        Assert.True(one.IsCompleted);
        Assert.True(other.IsCompleted);
        Assert.False(budget.IsAwaited);
    }

    [Fact]
    public void WhatWasReturnedBeforeTheWaitEndsItAtOnce()
    {
        var budget = new ReadBudget(100);
        budget.TryTake(75);

        Assert.True(budget.FreedAsync().IsCompleted);
    }

    [Theory]
    [InlineData(256, 1, 32, 8)]
    [InlineData(16, 1, 4, 4)] // four packets always fit
    [InlineData(24_576, 1, 3072, 768)]
    public void AnEighthIsForServedClientsAndAQuarterOfThatForUnknownOnes(long memory, int packet, long served, long unknown)
    {
        var budgets = new ReadBudgets(
            new MemoryOptions { MaximumBytes = memory << 20 }, new ConnectionOptions { MaximumPacketSize = packet << 20 }, new ManualMemory());

        Assert.Equal((served << 20, unknown << 20), (budgets.Served.Limit, budgets.Unknown.Limit));
    }

    [Fact]
    public void TheLimitIsNeverMoreThanDotNetMayTake()
    {
        var memory = new ManualMemory { Available = 300 };

        Assert.Equal(300, new MemoryOptions { MaximumBytes = 400 }.Limit(memory.Available));
        Assert.Equal(300, new MemoryOptions().Limit(memory.Available));
        Assert.Equal(200, new MemoryOptions { MaximumBytes = 200 }.Limit(memory.Available));
    }
}
