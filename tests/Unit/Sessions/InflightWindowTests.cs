using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>Packet Identifiers and the order of unfinished deliveries. MQTT 5 §2.2.1, §4.4.</summary>
public sealed class InflightWindowTests
{
    private readonly InflightWindow _window = new();

    [Theory]
    [InlineData(new[] { 65534, 65535, 1, 2 }, 3)]
    [InlineData(new[] { 65535 }, 1)]
    [InlineData(new[] { 65535, 1, 2 }, 3)]
    [InlineData(new[] { 5, 7, 9 }, 10)]
    [InlineData(new[] { 60000, 65000, 2, 20000 }, 20001)]
    public void RestoredDeliveriesKeepTheirOrderAcrossTheWrapOfIdentifiers(int[] identifiers, int next) // [MQTT-4.6.0-1]
    {
        foreach (var given in (int[][])[identifiers, [.. identifiers.Reverse()], [.. identifiers.Order()]])
        {
            var window = new InflightWindow();
            window.Restore([.. given.Select(id => (SampleDelivery.Of($"{id}", packetId: (ushort)id), DeliveryStage.Published))]);

            Assert.Equal(identifiers, window.Open().Select(open => (int)open.Delivery.PacketId));
            window.MarkAllForResend();
            Assert.Equal(identifiers, Resends(window).Select(resend => (int)resend.Delivery.PacketId));
            Assert.All(window.Open(), open => Assert.Equal($"{open.Delivery.PacketId}", SampleDelivery.TextOf(open.Delivery)));
            Assert.Equal(next, window.Add(SampleDelivery.Of("next")));
        }
    }

    [Fact]
    public void IdentifiersFollowEachOtherAndZeroIsNone() // [MQTT-2.2.1-3]
    {
        for (var round = 0; round < 2; round++)
        {
            for (var id = 1; id <= ushort.MaxValue; id++)
            {
                Assert.Equal(id, Add("m"));
                _window.Remove((ushort)id);
            }
        }

        Assert.False(_window.TryGetStage(0, out _));
        Assert.Equal(0, _window.Count);
    }

    [Fact]
    public void AnIdentifierIsNotGivenAgainWhileItIsOpen() // [MQTT-2.2.1-4]
    {
        for (var id = 1; id <= ushort.MaxValue; id++)
        {
            Assert.True(_window.HasIdentifier);
            Assert.Equal(id, Add($"{id}"));
        }

        Assert.False(_window.HasIdentifier);
        for (var id = ushort.MaxValue; id > 1; id--)
        {
            _window.Remove(id);
        }

        Assert.False(_window.HasIdentifier); // 1 is still open, and comes next
        Assert.Equal("1", SampleDelivery.TextOf(Assert.Single(_window.Open()).Delivery));
        _window.Remove(1);
        Assert.True(_window.HasIdentifier);
        Assert.Equal(1, Add("again"));
    }

    [Fact]
    public void DeliveriesThatEndBeforeOlderOnesLeaveHoles()
    {
        for (var id = 1; id <= 20; id++)
        {
            Add($"{id}");
        }

        foreach (var id in (ushort[])[2, 3, 20, 7])
        {
            Assert.True(_window.Remove(id, out var ended));
            Assert.Equal($"{id}", SampleDelivery.TextOf(ended));
            Assert.False(_window.TryGetStage(id, out _));
            Assert.False(_window.TryPeek(id, out _, out _));
            Assert.False(_window.Remove(id, out _));
        }

        Assert.Equal(16, _window.Count);
        Assert.Equal(["1", "4", "5", "6", "8"], _window.Open().Take(5).Select(open => SampleDelivery.TextOf(open.Delivery)));
        Assert.True(_window.Remove(1, out _)); // 4 is the oldest now
        Assert.Equal(21, Add("21"));
        Assert.Equal(["4", "21"], new[] { _window.Open().First(), _window.Open().Last() }.Select(open => SampleDelivery.TextOf(open.Delivery)));
        Assert.False(_window.TryGetStage(22, out _));
    }

    [Fact]
    public void ReleaseForgetsTheMessageAndKeepsTheRest()
    {
        _window.Add(SampleDelivery.Of("m", QoS.ExactlyOnce, sequence: 5));
        _window.Release(1);

        Assert.True(_window.TryGetStage(1, out var stage));
        Assert.Equal(DeliveryStage.Released, stage);
        Assert.True(_window.TryPeek(1, out var qos, out var sequence));
        Assert.Equal((QoS.ExactlyOnce, 5L), (qos, sequence));
        Assert.True(_window.DeliveryOf(1).Message.IsNull);
        _window.MarkUnsent(1); // its PUBREL was not sent: it is released all the same
        Assert.Equal(DeliveryStage.Released, Assert.Single(_window.Open()).Stage);
    }

    [Fact]
    public void EveryOpenDeliveryIsSentAgainOnceInOrder() // [MQTT-4.4.0-1]
    {
        for (var id = 1; id <= 6; id++)
        {
            Add($"{id}");
        }

        _window.Remove(2);
        _window.Release(3);
        _window.MarkUnsent(4);
        _window.MarkAllForResend();
        Assert.Equal(5, _window.PendingResends);
        _window.Remove(6); // the client acknowledged it before it was sent again
        Assert.Equal(4, _window.PendingResends);

        Assert.True(_window.TryTakeResend(out var first, out var stage));
        Assert.Equal((1, "1", DeliveryStage.Published), (first.PacketId, SampleDelivery.TextOf(first), stage));
        _window.Remove(1);
        Assert.Equal(3, _window.PendingResends);
        Assert.Equal(
            [(3, DeliveryStage.Released), (4, DeliveryStage.Unsent), (5, DeliveryStage.Published)],
            Resends(_window).Select(resend => ((int)resend.Delivery.PacketId, resend.Stage)));
        Assert.Equal(0, _window.PendingResends);

        _window.MarkAllForResend();
        Assert.Equal([DeliveryStage.Released, DeliveryStage.Published, DeliveryStage.Published], Resends(_window).Select(resend => resend.Stage)); // 4 was sent
    }

    [Fact]
    public void ClearForgetsEverything()
    {
        for (var id = 1; id <= 3; id++)
        {
            Add($"{id}");
        }

        _window.MarkAllForResend();
        _window.Clear();
        Assert.Equal((0, 0), (_window.Count, _window.PendingResends));
        Assert.Empty(_window.Open());
        Assert.False(_window.TryTakeResend(out _, out _));
        _window.Restore([]);
        Assert.True(_window.HasIdentifier);
    }

    private static List<(QueuedDelivery Delivery, DeliveryStage Stage)> Resends(InflightWindow window)
    {
        var resends = new List<(QueuedDelivery, DeliveryStage)>();
        while (window.TryTakeResend(out var delivery, out var stage))
        {
            resends.Add((delivery, stage));
        }

        return resends;
    }

    private int Add(string text) => _window.Add(SampleDelivery.Of(text));
}
