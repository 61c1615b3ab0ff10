using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Connections;

public sealed class ConnectionDeadlineTests : IDisposable
{
    /// <summary>The wheel is never early and at most two ticks late.</summary>
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(2 * TimerWheel.TickMilliseconds + 1);

    private readonly ConnectionFixture _fixture = new();

    private Connection Connection => _fixture.Connection;

    [Fact]
    public void ConnectionWithoutConnectIsClosedAfterTheConnectTimeout()
    {
        _ = Connection.RunAsync();
        _fixture.Pass(TimeSpan.FromSeconds(10));
        Assert.Equal(CloseCause.None, Connection.Cause);

        _fixture.Pass(Late);
        Assert.Equal(CloseCause.ConnectTimeout, Connection.Cause);
    }

    [Fact]
    public void AnswerToConnectMayTakeItsTime()
    {
        _ = Connection.RunAsync();
        Connection.Deadline.StopConnectTimeout();
        _fixture.Pass(TimeSpan.FromMinutes(1));

        Assert.Equal(CloseCause.None, Connection.Cause);
    }

    [Theory] // [MQTT-3.1.2-22]
    [InlineData(10, 15)]
    [InlineData(1, 1.5)]
    public void SilentClientIsClosedAfterOneAndAHalfTimesKeepAlive(int keepAlive, double seconds)
    {
        Serve(keepAlive);
        _fixture.Pass(TimeSpan.FromSeconds(seconds));
        Assert.Equal(CloseCause.None, Connection.Cause);

        _fixture.Pass(Late);
        Assert.Equal(CloseCause.KeepAliveTimeout, Connection.Cause);
    }

    [Fact]
    public void AnyReceivedByteRestartsKeepAlive()
    {
        Serve(10);
        for (var i = 0; i < 5; i++)
        {
            _fixture.Pass(TimeSpan.FromSeconds(14));
            Connection.Deadline.NoteReceived();
        }

        Assert.Equal(CloseCause.None, Connection.Cause);
        _fixture.Pass(TimeSpan.FromSeconds(15) + Late);
        Assert.Equal(CloseCause.KeepAliveTimeout, Connection.Cause);
    }

    [Fact]
    public void NoteReceivedTellsTheSilenceBefore()
    {
        Serve(0);
        _fixture.Pass(TimeSpan.FromSeconds(3));

        Assert.Equal(3000, Connection.Deadline.NoteReceived());
        Assert.Equal(0, Connection.Deadline.NoteReceived());
    }

    [Fact]
    public void KeepAlive0IsNone()
    {
        Serve(0);
        _fixture.Pass(TimeSpan.FromHours(1));

        Assert.Equal(CloseCause.None, Connection.Cause);
    }

    [Fact]
    public void ClientThatIsNotReadIsNotSilent()
    {
        Serve(10);
        Connection.Deadline.HoldUp();
        _fixture.Pass(TimeSpan.FromMinutes(2));
        Assert.Equal(CloseCause.None, Connection.Cause);

        Connection.Deadline.Resume();
        _fixture.Pass(TimeSpan.FromSeconds(14));
        Assert.Equal(CloseCause.None, Connection.Cause);

        _fixture.Pass(TimeSpan.FromSeconds(16));
        Assert.Equal(CloseCause.KeepAliveTimeout, Connection.Cause);
    }

    [Fact]
    public void LastFrameHasTwoSecondsToLeave()
    {
        Serve(0);
        _fixture.Transport.StopTaking();
        Connection.Close(CloseCause.ServerShutdown, ReasonCode.ServerShuttingDown);
        _fixture.Pass(TimeSpan.FromSeconds(1.9));
        Assert.False(Connection.Ending.AllWritten.IsCompleted);

        _fixture.Pass(Late);
        Assert.True(Connection.Ending.AllWritten.IsCompleted);
    }

    public void Dispose() => _fixture.Dispose();

    private void Serve(int keepAlive)
    {
        Connection.Client = new Client(ProtocolVersion.Mqtt5, "c") { KeepAlive = (ushort)keepAlive };
        _ = Connection.RunAsync();
        Connection.Deadline.StopConnectTimeout();
        Connection.Serve(_fixture);
    }
}
