using System.Diagnostics.Metrics;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Tests.Unit.Connections;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>What a data stream's part and its session hand to each other while the stream ends.</summary>
public sealed class StreamPartTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConnectionFixture _stream = new();
    private readonly Session _session;
    private readonly StreamPart _part;

    public StreamPartTests()
    {
        var limits = new DeliveryLimits(new OutboundOptions(), new GatewayMetrics(_services.GetRequiredService<IMeterFactory>()));
        _session = new Session("default/c", "c", limits, store: null!); // nothing here goes to the store
        _part = new StreamPart(_session);
        _part.Attach(_stream.Connection, epoch: 1, receiveMaximum: 1);
    }

    public void Dispose()
    {
        _stream.Dispose();
        _services.Dispose();
    }

    [Fact]
    public void PartIsFoldedWhenNothingCameSinceTheLastLook()
    {
        Assert.Empty(_part.TakeUnfinished(_stream.Connection));
        _part.Deliver(SampleDelivery.Of("came meanwhile", QoS.AtMostOnce), new Burst());
        Assert.False(_part.TryFold());
        Assert.Equal("came meanwhile", SampleDelivery.TextOf(Assert.Single(_part.TakeUnfinished(_stream.Connection))));
        Assert.True(_part.TryFold());

        _part.Deliver(SampleDelivery.Of("later", QoS.AtMostOnce), new Burst());
        Assert.Equal((0, 1), (_part.Waiting, _session.Waiting)); // it waits for the session's next connection
    }

    [Fact]
    public void WhatFoundTheStreamClosingWaitsForTheFold()
    {
        _part.OnClosing();
        _part.Deliver(SampleDelivery.Of("m", QoS.AtMostOnce), new Burst());
        Assert.Equal((1, 0), (_part.Waiting, _stream.Connection.Outbound.Count));
    }

    [Fact]
    public void PageOfRetainedMessagesWaitsForNoRoomOnAStreamThatIsGone()
    {
        _part.OnClosing();
        for (var i = 0; i < 300; i++)
        {
            _part.Deliver(SampleDelivery.Of("m", QoS.AtMostOnce), new Burst());
        }

        var room = _part.RoomAsync(_stream.Connection);
        Assert.False(room.IsCompleted);
        _part.TakeUnfinished(_stream.Connection);
        Assert.True(room.IsCompleted);
    }

    [Fact]
    public void NumberedMessageIsTakenWithAConnectionOnlyAndWaitsForOneThatIsBeingOpened()
    {
        Assert.False(_session.TryTakeForStream(1));
        _session.DeliverFromStream(SampleDelivery.Of("m", sequence: 1), new Burst());
        Assert.Equal(1, _session.Waiting);
    }
}
