using System.Text;
using BenchmarkDotNet.Attributes;
using GrainMQ.Gateway.Routing;

namespace GrainMQ.Tests.Benchmarks.Routing;

/// <summary>What does it cost to find the subscriptions of a topic? The baseline is one dictionary look-up of the topic as a string.</summary>
[MemoryDiagnoser]
public class LocalTrieBenchmark
{
    private const int TopicCount = 1 << 16;

    private readonly LocalTrie<object> _trie = new();
    private readonly Dictionary<string, object> _exact = [];
    private MatchList<object> _matches;
    private byte[][] _hits = [];
    private byte[][] _misses = [];
    private int _next;

    [Params(1_000, 1_000_000)]
    public int Filters { get; set; }

    [GlobalSetup]
    public void AddFilters()
    {
        var value = new object();
        for (var device = 0; device < Filters; device++)
        {
            _trie.Update(DeviceTopics.Filter(device), value, static (_, _, added) => added);
            _exact.Add($"devices/{device}/cmd/reboot", value);
        }

        _hits = DeviceTopics.Topics(Filters, TopicCount);
        _misses = DeviceTopics.Topics(Filters, TopicCount, suffix: "state");
    }

    [Benchmark(Baseline = true)]
    public object ExactLookup() => _exact[Encoding.UTF8.GetString(Next(_hits))];

    [Benchmark]
    public int Match() => Match(_hits);

    [Benchmark]
    public int Miss() => Match(_misses);

    private int Match(byte[][] topics)
    {
        _matches.Clear();
        _trie.Match(Next(topics), ref _matches);
        return _matches.Count;
    }

    private byte[] Next(byte[][] topics) => topics[_next++ & (TopicCount - 1)];
}
