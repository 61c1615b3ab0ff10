using System.Globalization;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Load;

/// <summary>TCP, TLS and QUIC beside each other in one run: round trips with one message under way, and messages per second of the broker's processor time.</summary>
internal static class RoadComparison
{
    private static readonly QoS[] Qualities = [QoS.AtMostOnce, QoS.AtLeastOnce];

    public static async Task<int> RunAsync(int rounds, int roundTrips, int pairs, int messages)
    {
        using var broker = await RoadsBroker.StartAsync();
        await RoundAsync(broker, 0, roundTrips, pairs, messages); // code is compiled, pools are filled
        var measured = new List<Row>();
        for (var round = 0; round < rounds; round++)
        {
            measured.AddRange(await RoundAsync(broker, round, roundTrips, pairs, messages));
        }

        foreach (var group in measured.GroupBy(row => (row.QoS, row.Road)))
        {
            var plain = measured.Where(row => row.QoS == group.Key.QoS && row.Road == ListenerKind.Tcp).Select(row => row.Rate);
            Console.WriteLine($"QoS {(int)group.Key.QoS} {RoadsBroker.NameOf(group.Key.Road),-4}: round trip p50 {Spread(group.Select(row => row.Half * 1000))} µs, "
                + $"p99 {Spread(group.Select(row => row.Tail * 1000))} µs; {Spread(group.Select(row => row.Rate))} messages a second of processor time, "
                + $"{Spread(group.Zip(plain, (row, tcp) => row.Rate / tcp), "F2")} of TCP's");
        }

        return 0;
    }

    /// <summary>One measurement of each; every round begins with another road.</summary>
    private static async Task<List<Row>> RoundAsync(RoadsBroker broker, int round, int roundTrips, int pairs, int messages)
    {
        var rows = new List<Row>();
        var roads = RoadsBroker.Roads;
        foreach (var qos in Qualities)
        {
            for (var i = 0; i < roads.Length; i++)
            {
                var road = roads[(round + i) % roads.Length];
                var times = await RoundTrips.RunAsync(broker, road, qos, roundTrips);
                rows.Add(new Row(qos, road, times.At(0.5), times.At(0.99), await new PipelinedPairs(broker, road, qos, messages).RunAsync(pairs)));
            }
        }

        return rows;
    }

    /// <summary>Median, smallest and largest.</summary>
    private static string Spread(IEnumerable<double> values, string format = "N0")
    {
        double[] sorted = [.. values.Order()];
        string Text(double value) => value.ToString(format, CultureInfo.InvariantCulture);
        return $"{Text(sorted[sorted.Length / 2])} ({Text(sorted[0])}–{Text(sorted[^1])})";
    }

    private readonly record struct Row(QoS QoS, ListenerKind Road, double Half, double Tail, double Rate);
}
