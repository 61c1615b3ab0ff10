using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

public sealed class ChunkedListTests
{
    [Fact]
    public void ItHasWhatAListHasAndEarlierListsStayAsTheyWere()
    {
        var random = new Random(1);
        var (list, expected) = (ChunkedList<string>.Empty, new List<string>());
        for (var step = 0; step < 4_000; step++)
        {
            var (before, had) = (list, expected.ToArray());
            var place = random.Next(Math.Max(1, expected.Count));
            switch (random.Next(step < 2_000 ? 8 : 3)) // it grows, and then it shrinks
            {
                case 0 when expected.Count > 0:
                    list = list.Replace(place, $"{step}");
                    expected[place] = $"{step}";
                    break;
                case 1 or 2 when expected.Count > 0:
                    list = list.RemoveAt(place);
                    expected[place] = expected[^1];
                    expected.RemoveAt(expected.Count - 1);
                    break;
                default:
                    list = list.Add($"{step}");
                    expected.Add($"{step}");
                    break;
            }

            Assert.Equal(had.Length, before.Count);
            if (step % 50 == 0)
            {
                Assert.Equal(had, before.Chunks.SelectMany(chunk => chunk));
                Assert.Equal(expected, list.Chunks.SelectMany(chunk => chunk));
                Assert.Equal(expected, Enumerable.Range(0, list.Count).Select(at => list[at]));
                Assert.All(expected.Select((item, at) => (item, at)), pair => Assert.Equal(pair.at, list.IndexOf(pair.item)));
                Assert.Equal(-1, list.IndexOf("none"));
            }
        }

        while (list.Count > 0)
        {
            list = list.RemoveAt(0);
        }

        Assert.Empty(list.Chunks);
    }
}
