using System.Collections.Concurrent;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory.Faults;

/// <summary>
/// Clients that publish, subscribe, break off and come back while calls to grains are delayed, reordered, doubled and lost and silos
/// die: no acknowledged durable message is lost, and nothing hangs.
/// </summary>
public sealed class SeededFaultTests
{
    private const int Publishers = 3, Messages = 60;

    private static readonly Seeds Search = Seeds.Of("fault", 6);

    public static TheoryData<int, QoS, bool> Runs
    {
        get
        {
            var data = new TheoryData<int, QoS, bool>();
            foreach (var seed in Search.All)
            {
                data.Add(seed, QoS.AtLeastOnce, seed % 2 == 0);
                data.Add(seed, QoS.ExactlyOnce, seed % 2 == 1);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public Task I11NoAcknowledgedMessageIsLost(int seed, QoS qos, bool kills) => Search.RunAsync(seed, () => RunAsync(seed, qos, kills));

    private static async Task RunAsync(int seed, QoS qos, bool kills)
    {
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(
            services: services => services.Configure<SimulatedClusterOptions>(options => options.SiloCount = 3), faults: faults);
        foreach (var expected in (int[])[4400, 4405, 4407, 4502, 4503])
        {
            gateway.ExpectError(expected);
        }

        var subscriber = new DurableReader(gateway, seed, qos);
        await subscriber.SubscribeAsync();
        Set(faults.Plan, seed, 0.03 + seed % 3 * 0.03);
        var acknowledged = new ConcurrentBag<string>();
        var reading = Task.Run(subscriber.RunAsync);
        var publishing = Enumerable.Range(0, Publishers)
            .Select(number => Task.Run(() => new DurableWriter(gateway, $"p{number}", seed + number, qos, acknowledged).RunAsync(Messages))).ToArray();
        await AdvanceWithKillsAsync(gateway, Task.WhenAll(publishing), kills ? new Random(seed) : null);

        Set(faults.Plan, seed, 0);
        faults.Heal();
        subscriber.Expect(acknowledged);
        await gateway.AdvanceUntilAsync(reading, $"every acknowledged message (seed {seed}): {subscriber}");
        Assert.Equal(Publishers * Messages, acknowledged.Count);
        Assert.Empty(acknowledged.Except(subscriber.Received.Keys));
        if (qos == QoS.ExactlyOnce)
        {
            Assert.All(subscriber.Received, pair => Assert.Equal(1, pair.Value));
        }
    }

    private static void Set(FaultPlan plan, int seed, double chance)
    {
        plan.Seed = seed;
        plan.MaximumDelay = TimeSpan.FromSeconds(2);
        (plan.Delay, plan.Reorder, plan.Duplicate, plan.TimeoutBefore, plan.TimeoutAfter, plan.LateAnswer, plan.SecondActivation) =
            (chance, chance, chance, chance, chance, chance, chance / 4);
    }

    private static async Task AdvanceWithKillsAsync(InMemoryGateway gateway, Task task, Random? random)
    {
        var start = Environment.TickCount64;
        int? dead = null;
        while (!task.IsCompleted)
        {
            Stuck.Check(start, "the publishers");
            gateway.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Stuck.CalmAsync();
            if (random is null || random.Next(20) > 0)
            {
                continue;
            }

            if (dead is { } silo)
            {
                gateway.Cluster.StartSilo(silo);
                dead = null;
            }
            else
            {
                dead = random.Next(3);
                gateway.Cluster.KillSilo(dead.Value);
            }
        }

        if (dead is { } last)
        {
            gateway.Cluster.StartSilo(last);
        }

        await task;
    }
}
