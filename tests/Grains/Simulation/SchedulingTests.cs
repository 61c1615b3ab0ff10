using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

public sealed class SchedulingTests
{
    [Fact]
    public async Task SeedDrawsTheOrderOfTurnsAndNothingElseDoes()
    {
        var orders = new HashSet<string>();
        for (var seed = 0; seed < 20; seed++)
        {
            var (order, trace) = await RaceAsync(seed);
            Assert.Equal((order, trace), await RaceAsync(seed));
            orders.Add(order);
        }
        Assert.InRange(orders.Count, 10, 20);
    }

    [Fact]
    public async Task TraceIsWrittenOnDemand()
    {
        await using var test = new ProbeCluster(options => options.KeepsTrace = true);
        Assert.Throws<TimeoutException>(() => test.Cluster.Run(test.Grain<IProbe>("a").HoldAsync("never")));
        Assert.Contains("call 1 IProbeMethods.HoldAsync to ProbeGrain/a by a client", test.Cluster.Trace.Lines);
        Assert.Contains("turn ProbeGrain/a#1", test.Cluster.Trace.Lines);
        Assert.Contains("turn answer 1 TimeoutException", test.Cluster.Trace.Lines);
        Assert.Contains("time 00:00:30.0000000", test.Cluster.Trace.Lines);
    }

    [Fact]
    public async Task RunThatCannotEndSaysSo()
    {
        await using var test = new ProbeCluster();
        test.Cluster.Run(test.Grain<IProbe>("a").CountAsync());
        Assert.Throws<SimulationStuckException>(() => test.Cluster.Run(new TaskCompletionSource().Task));
    }

    [Fact]
    public async Task TurnThatComesFromAnotherThreadIsFound()
    {
        await using var test = new ProbeCluster();
        _ = test.Grain<IProbe>("a").HoldAsync("held");
        test.Cluster.RunReady();
        var thrown = Assert.Throws<InvalidOperationException>(() => test.Cluster.Run(async () =>
        {
            _ = Task.Run(() => test.Journal.Open("held"));
            while (true)
            {
                await Task.Yield(); // or the time would be up before the other thread is there
            }
        }));
        Assert.Contains("added by another thread", thrown.Message);
    }

    [Fact]
    public async Task ClientsAreOwnersOfTurnsToo()
    {
        await using var test = new ProbeCluster();
        var owners = new List<string?>();
        var clients = Enumerable.Range(0, 3).Select(i => test.Cluster.Start($"client {i}", async () =>
        {
            owners.Add(TurnOwner.Running?.Name);
            await test.Grain<IProbe>($"{i}").CountAsync();
            owners.Add(TurnOwner.Running?.Name);
        }));
        test.Cluster.Run(Task.WhenAll(clients));
        Assert.Equal(["client 0#1", "client 0#1", "client 1#2", "client 1#2", "client 2#3", "client 2#3"], owners.Order());
    }

    [Fact]
    public async Task TimePassesOnlyWhenNothingCanRun()
    {
        await using var test = new ProbeCluster();
        var began = test.Time.GetUtcNow();
        test.Cluster.Run(async () =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                await Task.Yield();
            }

            Assert.Equal(began, test.Time.GetUtcNow());
            await Task.Delay(TimeSpan.FromHours(1), test.Time);
            Assert.Equal(began.AddHours(1), test.Time.GetUtcNow());
        });
    }

    /// <summary>Three clients, three grains: in which order do the calls end?</summary>
    private static async Task<(string Order, ulong Trace)> RaceAsync(int seed)
    {
        await using var test = new ProbeCluster(options => options.Seed = seed);
        var order = new List<string>();
        var clients = Enumerable.Range(0, 3).Select(i => test.Cluster.Start("client", async () =>
        {
            for (var call = 0; call < 3; call++)
            {
                order.Add($"{i}{await test.Grain<IProbe>($"{(i + call) % 3}").CountAsync()}");
            }
        }));
        test.Cluster.Run(Task.WhenAll(clients));
        return (string.Join(' ', order), test.Cluster.Trace.Hash);
    }
}
