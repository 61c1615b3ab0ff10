using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Unit.Connections;
using Xunit;

namespace GrainMQ.Tests.Unit.Delivery;

public sealed class DispatchTests : IDisposable
{
    private readonly ConnectionFixture _fixture = new();
    private readonly Dispatch _dispatch = Dispatch.Rent();

    public void Dispose() => _fixture.Dispose();

    [Fact]
    public void WhatWaitsForNothingIsAnsweredAtOnce()
    {
        Answer(1, commit: null);

        Assert.Equal(1, _fixture.Connection.Outbound.Count);
        Assert.Empty(_dispatch.PendingAcks);
    }

    [Fact] // [MQTT-4.6.0-2]
    public void AnAnswerBehindOneThatWaitsWaitsToo()
    {
        var commit = new TaskCompletionSource<SessionResult>().Task;
        Answer(1, commit: null);
        Answer(2, commit);
        Answer(3, commit: null);

        Assert.Equal(1, _fixture.Connection.Outbound.Count);
        Assert.Equal([(2, commit), (3, null)], _dispatch.PendingAcks.Select(ack => ((int)ack.PacketId, ack.Commit)));
    }

    [Fact]
    public void TheNextReadOfTheThreadBeginsClean()
    {
        Answer(1, Task.FromResult(SessionResult.Ok));
        (_dispatch.UnacknowledgedQoS1, _dispatch.HasQoS0) = (3, true);
        _dispatch.Burst.Flush();
        _dispatch.Return();

        var next = Dispatch.Rent();
        Assert.Same(_dispatch, next);
        Assert.NotSame(next, Dispatch.Rent()); // a will may be published while a read is dispatched
        Assert.Equal((0, 0, false), (next.PendingAcks.Count, next.UnacknowledgedQoS1, next.HasQoS0));
    }

    private void Answer(ushort packetId, Task<SessionResult>? commit) =>
        _dispatch.Answer(_fixture.Connection, PacketType.Puback, packetId, ReasonCode.Success, commit);
}
