using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>The deliveries that wait, and the QoS 0 ones that make room.</summary>
public sealed class BacklogTests
{
    private const int SearchReach = 1024, CompactFrom = 64, LargestCompacted = 8 * 1024;

    private readonly Backlog _backlog = new();

    [Fact]
    public void FirstInIsFirstOutHoweverItGrows()
    {
        var next = 0;
        var random = new Random(1);
        for (var added = 0; added < 5000;)
        {
            for (var i = random.Next(40); i > 0; i--)
            {
                Enqueue($"{added++}");
            }

            for (var i = random.Next(40); i > 0 && _backlog.Count > 0; i--)
            {
                Assert.Equal($"{next}", SampleDelivery.TextOf(_backlog.Peek()));
                Assert.Equal($"{next++}", SampleDelivery.TextOf(_backlog.Dequeue()));
            }

            Assert.Equal(added - next, _backlog.Count);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)] // the ring has turned: what waits goes across its end
    public void DroppingQoS0FromTheMiddleKeepsTheOrderOfTheRest(int turned) // [MQTT-4.6.0-6]
    {
        Enqueue("before");
        for (var i = 0; i < turned; i++)
        {
            Enqueue("before");
            _backlog.Dequeue();
        }

        _backlog.Enqueue(SampleDelivery.Of("a"));
        _backlog.Dequeue();
        foreach (var text in (string[])["b", "c", "0", "d", "00", "e"])
        {
            Enqueue(text, text[0] == '0' ? QoS.AtMostOnce : QoS.AtLeastOnce);
        }

        Assert.True(_backlog.TryDropOldestQoS0());
        Assert.Equal(6, _backlog.Count);
        Assert.True(_backlog.TryDropOldestQoS0());
        Assert.False(_backlog.TryDropOldestQoS0());
        Enqueue("f");
        Enqueue("g");
        Assert.Equal(["a", "b", "c", "d", "e", "f", "g"], TakeAll());
        Assert.Equal((0, 0L), (_backlog.Count, _backlog.Bytes));
    }

    [Fact]
    public void BytesAreThoseOfWhatWaits()
    {
        var small = SampleDelivery.Of("s", QoS.AtMostOnce);
        var large = SampleDelivery.Of(new string('x', 3000));
        _backlog.Enqueue(large);
        _backlog.Enqueue(small);
        _backlog.Enqueue(large);
        Assert.Equal((2 * large.Length) + small.Length, _backlog.Bytes);
        Assert.True(_backlog.TryDropOldestQoS0());
        Assert.Equal(2 * large.Length, _backlog.Bytes);
        _backlog.Dequeue();
        Assert.Equal(large.Length, _backlog.Bytes);
    }

    [Theory]
    [InlineData(SearchReach - 1, true)]
    [InlineData(SearchReach, false)]
    public void TheSearchForQoS0IsBounded(int before, bool isFound)
    {
        for (var i = 0; i < before; i++)
        {
            Enqueue($"{i}");
        }

        Enqueue("0", QoS.AtMostOnce);
        Assert.Equal(isFound, _backlog.TryDropOldestQoS0());
        Assert.Equal([.. Enumerable.Range(0, before).Select(i => $"{i}"), .. isFound ? Array.Empty<string>() : ["0"]], TakeAll());
    }

    [Fact]
    public void QoS0ThatWasTakenIsNotSearchedFor()
    {
        Enqueue("0", QoS.AtMostOnce);
        Enqueue("1");
        _backlog.Dequeue();
        Assert.False(_backlog.TryDropOldestQoS0());
        Assert.Equal(["1"], TakeAll());
    }

    [Theory]
    [InlineData(CompactFrom - 1, 1, false)]
    [InlineData(CompactFrom, 1, true)]
    [InlineData(CompactFrom, LargestCompacted, false)]
    public void ALongBacklogDoesNotPinTheBlocksOfItsMessages(int before, int length, bool isCopied)
    {
        for (var i = 0; i < before; i++)
        {
            Enqueue("m");
        }

        var delivery = SampleDelivery.Of(new string('x', length));
        _backlog.Enqueue(delivery);
        for (var i = 0; i < before; i++)
        {
            _backlog.Dequeue();
        }

        var taken = _backlog.Dequeue();
        Assert.Equal(isCopied, !taken.Message.IsSameAs(delivery.Message));
        Assert.Equal(new string('x', length), SampleDelivery.TextOf(taken));
    }

    private void Enqueue(string text, QoS qos = QoS.AtLeastOnce) => _backlog.Enqueue(SampleDelivery.Of(text, qos));

    private List<string> TakeAll()
    {
        var texts = new List<string>();
        while (_backlog.Count > 0)
        {
            texts.Add(SampleDelivery.TextOf(_backlog.Dequeue()));
        }

        return texts;
    }
}
