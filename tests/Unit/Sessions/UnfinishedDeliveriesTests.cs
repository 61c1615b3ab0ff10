using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>What becomes of deliveries that are not over when their connection is.</summary>
public sealed class UnfinishedDeliveriesTests
{
    private readonly Backlog _backlog = new();
    private readonly InflightWindow _window = new();

    private UnfinishedDeliveries Unfinished => new(_backlog, _window);

    [Fact]
    public void StoreGetsTheProgressOfItsOwnMessagesAndTheOthersWhole()
    {
        var known = _window.Add(SampleDelivery.Of("known", sequence: 5));
        _window.MarkUnsent(_window.Add(SampleDelivery.Of("never sent", sequence: 6)));
        var only = _window.Add(SampleDelivery.Of("only here"));
        var released = _window.Add(SampleDelivery.Of("released", QoS.ExactlyOnce, sequence: 7));
        _window.Release(released);
        _backlog.Enqueue(SampleDelivery.Of("qos 0", QoS.AtMostOnce));
        _backlog.Enqueue(SampleDelivery.Of("waits"));
        _backlog.Enqueue(SampleDelivery.Of("waits in the store", sequence: 8));
        _backlog.Enqueue(SampleDelivery.Of("expired") with { Message = Message.Create("t"u8, [], [], QoS.AtLeastOnce, retain: false, expiresAt: 99) });

        var pending = Unfinished.TakeForStore(now: 100);

        Assert.Equal(
            [(5L, known, PendingStage.Published), (0L, only, PendingStage.Published), (7L, released, PendingStage.Released), (0L, (ushort)0, PendingStage.Queued)],
            pending.Select(one => (one.Sequence, one.PacketId, one.Stage)));
        Assert.Equal([false, true, false, true], pending.Select(one => one.Message.Length > 0));
        Assert.Equal((0, 0), (_window.Count, _backlog.Count));
    }

    [Fact]
    public void WhatTheStoreHeldIsOlderThanWhatWaitsHere()
    {
        _window.Add(SampleDelivery.Of("of an earlier life"));
        _backlog.Enqueue(SampleDelivery.Of("new", QoS.AtMostOnce));
        _backlog.Enqueue(SampleDelivery.Of("comes again from the store", sequence: 3));
        Unfinished.Restore(
        [
            Pending("sent", PendingStage.Published, packetId: 9, sequence: 1),
            Pending("", PendingStage.Released, packetId: 8, sequence: 0),
            Pending("queued", PendingStage.Queued, packetId: 0, sequence: 2),
            Pending("", PendingStage.Published, packetId: 10, sequence: 4), // its message cannot be read
        ]);

        Assert.Equal([((ushort)8, DeliveryStage.Released), ((ushort)9, DeliveryStage.Published)], _window.Open().Select(open => (open.Delivery.PacketId, open.Stage)));
        Assert.Equal("queued", SampleDelivery.TextOf(_backlog.Dequeue()));
        Assert.Equal("new", SampleDelivery.TextOf(_backlog.Dequeue()));
        Assert.Equal(0, _backlog.Count);
    }

    [Fact]
    public void SessionGetsWhatAStreamLeavesWithoutItsIdentifiers()
    {
        _window.Add(SampleDelivery.Of("open", sequence: 1));
        _window.Release(_window.Add(SampleDelivery.Of("received", QoS.ExactlyOnce, sequence: 2)));
        _backlog.Enqueue(SampleDelivery.Of("waits"));
        List<QueuedDelivery> left = [SampleDelivery.Of("unsent", QoS.AtMostOnce)];

        Unfinished.TakeForSession(left, out var received);

        Assert.Equal(["unsent", "open", "waits"], left.Select(one => SampleDelivery.TextOf(one)));
        Assert.All(left, one => Assert.Equal(0, one.PacketId));
        Assert.Equal([2L], received);
        Assert.Equal((0, 0), (_window.Count, _backlog.Count));
    }

    [Fact]
    public void OtherMembersOfAShareGroupGetWhatThisOneCannotHave() // [MQTT-4.8.2-5]
    {
        var share = new SharedSubscription("g", "$share/g/t", ShareStrategy.RoundRobin);
        _window.Add(Shared("QoS 1"));
        _window.Add(Shared("QoS 2, sent", QoS.ExactlyOnce));
        _window.MarkUnsent(_window.Add(Shared("QoS 2, not sent", QoS.ExactlyOnce)));
        _window.Add(SampleDelivery.Of("own"));
        _backlog.Enqueue(Shared("waits"));
        _backlog.Enqueue(SampleDelivery.Of("own, waits"));
        _window.Add(Shared("the store has it") with { Sequence = 1 });
        _backlog.Enqueue(Shared("the store has it too") with { Sequence = 2 });

        var messages = Unfinished.TakeForShareGroups(out var lost);

        Assert.Equal(["QoS 1", "QoS 2, not sent", "waits"], messages.Select(one => SampleDelivery.TextOf(one)));
        Assert.Equal(1, lost);
        Assert.Equal(0, _backlog.Count);

        QueuedDelivery Shared(string text, QoS qos = QoS.AtLeastOnce) => SampleDelivery.Of(text, qos) with { Share = share };
    }

    [Fact]
    public void NothingIsLeftOfASessionThatEnded()
    {
        _window.Add(SampleDelivery.Of("open"));
        _backlog.Enqueue(SampleDelivery.Of("waits", QoS.AtMostOnce));
        Unfinished.Clear();
        Assert.Equal((0, 0, 0L), (_window.Count, _backlog.Count, _backlog.Bytes));
        Assert.False(_backlog.TryDropOldestQoS0());
    }

    private static PendingMessage Pending(string text, PendingStage stage, ushort packetId, long sequence) => new(
        text.Length == 0 ? [] : SampleDelivery.Of(text).Message.ToArray(), (byte)QoS.ExactlyOnce, false, [], 0, stage, packetId, sequence);
}
