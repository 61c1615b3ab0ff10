using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Connections;

public sealed class ConnectionEndingTests : IDisposable
{
    private readonly ConnectionFixture _fixture = new();

    private Connection Connection => _fixture.Connection;

    [Fact]
    public async Task FirstCauseWins()
    {
        Serve();
        Connection.Close(CloseCause.TakenOver, ReasonCode.SessionTakenOver);
        Connection.Close(CloseCause.ClientDisconnect);
        await Connection.Ended.OrStuck("the connection to end");

        Assert.Equal(CloseCause.TakenOver, Connection.Cause);
        Assert.Equal(1, _fixture.Ends);
    }

    [Fact]
    public async Task DisconnectIsTheLastPacketBehindTheReplies()
    {
        Serve();
        Connection.Reply(OutboundFrame.Ack(PacketType.Puback, 7, ReasonCode.Success));
        Connection.Close(CloseCause.ServerShutdown, ReasonCode.ServerShuttingDown);
        await Connection.Ended.OrStuck("the connection to end");

        Assert.Equal([0x40, 2, 0, 7, 0xE0, 1, 0x8B], _fixture.Transport.Take());
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)] // has no DISCONNECT of the server
    [InlineData(ProtocolVersion.Mqtt31)]
    public async Task OlderClientsGetNoDisconnect(ProtocolVersion version)
    {
        Serve(version);
        Connection.Close(CloseCause.ServerShutdown, ReasonCode.ServerShuttingDown);
        await Connection.Ended.OrStuck("the connection to end");

        Assert.Empty(_fixture.Transport.Take());
    }

    [Fact]
    public async Task BeforeConnackThereIsNoDisconnect()
    {
        _ = Connection.RunAsync();
        Connection.Close(CloseCause.ServerShutdown, ReasonCode.ServerShuttingDown);
        await Connection.Ended.OrStuck("the connection to end");

        Assert.Empty(_fixture.Transport.Take());
    }

    [Fact]
    public async Task ClientThatSaidGoodbyeGetsNothingMore()
    {
        Serve();
        Connection.Reply(OutboundFrame.Ack(PacketType.Puback, 7, ReasonCode.Success));
        Connection.Close(CloseCause.ClientDisconnect, ReasonCode.UnspecifiedError);
        await Connection.Ended.OrStuck("the connection to end");

        Assert.Empty(_fixture.Transport.Take());
    }

    [Fact]
    public void PublicationsThatNeverLeftAreKeptForTheSession()
    {
        var delivery = new QueuedDelivery
        {
            Message = Message.Create("t"u8, default, "x"u8, QoS.AtLeastOnce, retain: false, expiresAt: 0),
            SubscriptionIdentifiers = [],
            QoS = QoS.AtLeastOnce,
            PacketId = 5,
        };
        Connection.Outbound.TryEnqueue(OutboundFrame.Publish(delivery));

        Assert.Equal(5, Assert.Single(Connection.Outbound.TakeUnsent()).Delivery.PacketId);
        Assert.False(Connection.Outbound.TryEnqueue(OutboundFrame.Publish(delivery)));
        Assert.Single(Connection.Outbound.TakeUnsent());
    }

    [Fact]
    public async Task FaultOfTheProtocolClosesTheConnectionWith0x80()
    {
        _fixture.OnRead = static _ => throw new InvalidOperationException();
        Serve();
        _fixture.Transport.Send([0xC0, 0]);
        await Connection.Ended.OrStuck("the connection to end");

        Assert.Equal(CloseCause.InternalError, Connection.Cause);
        Assert.Equal([0xE0, 1, 0x80], _fixture.Transport.Take());
    }

    public void Dispose() => _fixture.Dispose();

    private void Serve(ProtocolVersion version = ProtocolVersion.Mqtt5)
    {
        Connection.Client = new Client(version, "c");
        _ = Connection.RunAsync();
        Connection.Deadline.StopConnectTimeout();
        Connection.Serve(_fixture);
    }
}
