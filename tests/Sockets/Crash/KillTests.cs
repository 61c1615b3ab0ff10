using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Simulation;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Crash;

/// <summary>
/// The broker is killed in the middle of its work, again and again, and started on the same data. What it acknowledged is delivered: at QoS 1
/// at least once, at QoS 2 exactly once, in order, and retained. Invariants I5, I8, I11.
/// </summary>
public sealed class KillTests(ITestOutputHelper output)
{
    /// <summary>A seed decides how much is acknowledged until the next kill.</summary>
    private const int UsualKills = 4;

    [Fact]
    public async Task NothingAcknowledgedIsLostWhenTheBrokerIsKilled()
    {
        await using var broker = new MortalBroker();
        await broker.StartAsync();
        CrashReader[] readers = [new(broker, "reader1", QoS.AtLeastOnce), new(broker, "reader2", QoS.ExactlyOnce)];
        var reading = Task.WhenAll(readers.Select(reader => Task.Run(reader.RunAsync)));
        await Task.WhenAll(readers.Select(reader => reader.Subscribed)).OrStuck("the readers to subscribe");
        CrashWriter[] writers =
        [
            new(broker, "one", QoS.AtLeastOnce, retain: true), new(broker, "two", QoS.AtLeastOnce, retain: false),
            new(broker, "three", QoS.ExactlyOnce, retain: false), new(broker, "four", QoS.ExactlyOnce, retain: true),
        ];
        var writing = Task.WhenAll(writers.Select(writer => Task.Run(writer.RunAsync)));

        var search = Seeds.Of("kill", UsualKills);
        foreach (var seed in search.All)
        {
            var target = writers.Sum(writer => writer.Acknowledged) + new Random(seed).Next(1, 2000);
            await Stuck.UntilAsync(
                () => writers.Sum(writer => writer.Acknowledged) >= target || writing.IsFaulted || reading.IsFaulted, "acknowledgements");
            await broker.KillAsync();
            await broker.StartAsync();
        }

        foreach (var writer in writers)
        {
            writer.Stop();
        }

        await writing.OrStuck("the writers' last acknowledgements");
        var counts = writers.ToDictionary(writer => writer.Topic, writer => writer.Acknowledged);
        foreach (var reader in readers)
        {
            await reader.Expect(counts).OrStuck(reader.ToString());
        }

        await reading.OrStuck("the readers' end");
        var repeated = readers.Sum(reader => writers.Sum(writer => Check(reader, writer)));
        await CheckRetainedAsync(broker, writers);
        output.WriteLine($"{search}: {counts.Values.Sum()} acknowledged, lost 0, repeated at QoS 1 {repeated}, at QoS 2 0");
    }

    /// <returns>How many were repeated.</returns>
    private static int Check(CrashReader reader, CrashWriter writer)
    {
        var received = reader.ReceivedOf(writer.Topic);
        var highest = -1;
        foreach (var number in received)
        {
            if (number > highest + 1)
            {
                Assert.Fail($"{reader}: {writer.Topic} {number} came before {highest + 1}");
            }

            highest = Math.Max(highest, number);
        }

        var isExactlyOnce = reader.QoS == QoS.ExactlyOnce && writer.QoS == QoS.ExactlyOnce;
        var repeated = received.Count - writer.Acknowledged;
        Assert.True(!isExactlyOnce || repeated == 0, $"{reader} has {received.Count} of {writer.Acknowledged} QoS 2 messages of {writer.Topic}");
        return repeated;
    }

    private static async Task CheckRetainedAsync(MortalBroker broker, CrashWriter[] writers)
    {
        await broker.KillAsync();
        await broker.StartAsync();
        await using var client = await RawClient.OpenAsync(await broker.Up, ProtocolVersion.Mqtt5, mayBreakOff: false);
        await client.ConnectAsync("witness");
        await client.SendAsync(ClientPackets.Subscribe(1, "crash/#", QoS.AtMostOnce));
        await client.ReceiveAsync(PacketType.Suback);
        var expected = writers.Where(writer => writer.Retain).ToDictionary(writer => writer.Topic, writer => $"{writer.Acknowledged - 1}");
        var found = new Dictionary<string, string>();
        while (found.Count < expected.Count)
        {
            var retained = await client.ReceiveAsync(PacketType.Publish);
            found.Add(retained.Topic, retained.Text);
        }

        Assert.Equal(expected, found);
    }
}
