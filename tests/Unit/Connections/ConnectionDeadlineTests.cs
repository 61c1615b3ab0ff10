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

    [Theory]
    [InlineData(0, 60)]
    [InlineData(10, 60)]
    [InlineData(100, 150)] // one and a half Keep Alive times are the client's
    public void PacketThatTricklesIsClosedAfterItsTime(int keepAlive, int seconds)
    {
        Serve(keepAlive);
        Trickle(first: 0, perSecond: 1, seconds - 1);
        Assert.Equal(CloseCause.None, Connection.Cause);

        Trickle(first: seconds, perSecond: 1, keepAlive * 2 + 2);
        Assert.Equal(CloseCause.PacketTimeout, Connection.Cause);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(10)]
    public void LargePacketOnASlowLineHasAllTheTimeItNeeds(int keepAlive)
    {
        Serve(keepAlive);
        Trickle(first: 0, perSecond: 110, 3600);

        Assert.Equal(CloseCause.None, Connection.Cause);
    }

    [Fact]
    public void PacketThatBeginsFastAndThenTricklesIsClosed()
    {
        Serve(0);
        Trickle(first: 100_000, perSecond: 1, 60);
        Assert.Equal(CloseCause.None, Connection.Cause); // the time in which it grew fast enough

        Trickle(first: 100_060, perSecond: 1, 61);
        Assert.Equal(CloseCause.PacketTimeout, Connection.Cause);
    }

    [Fact]
    public void EachPacketHasItsOwnTime()
    {
        Serve(0);
        for (var i = 0; i < 10; i++)
        {
            Trickle(first: 0, perSecond: 1, 59);
        }

        Connection.Deadline.NoteUnfinished(0, isNew: false);
        _fixture.Pass(TimeSpan.FromHours(1));

        Assert.Equal(CloseCause.None, Connection.Cause);
    }

    [Fact]
    public void PacketThatIsNotReadIsNotSlow()
    {
        Serve(0);
        Trickle(first: 0, perSecond: 1, 30);
        Connection.Deadline.HoldUp();
        _fixture.Pass(TimeSpan.FromMinutes(5));
        Connection.Deadline.Resume();
        Connection.Deadline.NoteUnfinished(10, isNew: true);
        _fixture.Pass(TimeSpan.FromSeconds(59));

        Assert.Equal(CloseCause.None, Connection.Cause);
    }

    [Fact]
    public void WhatCameWhileTheProcessStoodStillIsReadBeforeJudging()
    {
        Serve(1);
        _fixture.Time.Leap(TimeSpan.FromSeconds(4));
        Assert.Equal(CloseCause.None, Connection.Cause);

        _fixture.Pass(TimeSpan.FromSeconds(0.2));
        Connection.Deadline.NoteReceived(); // a PINGREQ that lay in the socket
        _fixture.Pass(TimeSpan.FromSeconds(1.5));
        Assert.Equal(CloseCause.None, Connection.Cause);

        _fixture.Pass(Late);
        Assert.Equal(CloseCause.KeepAliveTimeout, Connection.Cause);
    }

    [Fact]
    public void ClientThatWasSilentBeforeTheProcessStoodStillIsClosed()
    {
        Serve(1);
        _fixture.Time.Leap(TimeSpan.FromSeconds(4));
        _fixture.Pass(TimeSpan.FromSeconds(1) + Late);

        Assert.Equal(CloseCause.KeepAliveTimeout, Connection.Cause);
    }

    [Fact]
    public void ConnectThatCameWhileTheProcessStoodStillIsReadBeforeJudging()
    {
        _ = Connection.RunAsync();
        _fixture.Time.Leap(TimeSpan.FromSeconds(20));
        _fixture.Pass(TimeSpan.FromSeconds(0.8));
        Assert.Equal(CloseCause.None, Connection.Cause);

        _fixture.Pass(TimeSpan.FromSeconds(0.2) + Late);
        Assert.Equal(CloseCause.ConnectTimeout, Connection.Cause);
    }

    [Fact]
    public void ProcessThatIsAlwaysSlowJudgesAllTheSame()
    {
        Serve(10);
        for (var i = 0; i < 30; i++)
        {
            _fixture.Time.Leap(TimeSpan.FromSeconds(0.6));
        }

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

    private void Trickle(int first, int perSecond, int seconds)
    {
        for (var i = 1; i <= seconds; i++)
        {
            Connection.Deadline.NoteReceived();
            Connection.Deadline.NoteUnfinished(first + (i * perSecond), isNew: first == 0 && i == 1);
            _fixture.Pass(TimeSpan.FromSeconds(1));
        }
    }

    private void Serve(int keepAlive)
    {
        Connection.Client = new Client(ProtocolVersion.Mqtt5, "c") { KeepAlive = (ushort)keepAlive };
        _ = Connection.RunAsync();
        Connection.Deadline.StopConnectTimeout();
        Connection.Serve(_fixture);
    }
}
