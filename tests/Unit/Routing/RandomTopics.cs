namespace GrainMQ.Tests.Unit.Routing;

/// <summary>Filters and topics from a seed, over an alphabet small enough that they meet: empty levels, <c>$</c> levels and depth included.</summary>
internal sealed class RandomTopics(int seed)
{
    private static readonly string[] Levels = ["", "a", "b", "ab", "ä", "$SYS", "$a", "level-longer-than-eight-bytes", "aaaaaaaa"];

    public Random Random { get; } = new(seed);

    public string Topic()
    {
        var topic = string.Join('/', Enumerable.Range(0, Depth()).Select(_ => Literal()));
        return topic.Length == 0 ? "a" : topic; // [MQTT-4.7.3-1]
    }

    public string Filter()
    {
        var levels = Enumerable.Range(0, Depth()).Select(_ => Random.Next(3) == 0 ? "+" : Literal()).ToList();
        if (Random.Next(3) == 0)
        {
            levels.Add("#");
        }

        if (levels.Count > 1 && Random.Next(8) == 0)
        {
            levels = ["#"];
        }

        var filter = string.Join('/', levels);
        return filter.Length == 0 ? "+" : filter;
    }

    private int Depth() => Random.Next(20) == 0 ? Random.Next(1, 40) : Random.Next(1, 5);

    private string Literal() => Levels[Random.Next(Random.Next(2) == 0 ? 3 : Levels.Length)];
}
