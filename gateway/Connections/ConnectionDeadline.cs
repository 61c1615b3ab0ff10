namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The one deadline of a connection, which means one thing after the other: the time for CONNECT, then Keep Alive, then the grace in which the
/// last frame may leave. While CONNECT is being answered there is none.
/// </summary>
internal sealed class ConnectionDeadline(Connection connection, TimerWheel wheel) : WheelEntry
{
    private TimeSpan _keepAlive;
    private long _lastReceived;
    private volatile bool _isHeldUp;

    public void StartConnectTimeout(TimeSpan timeout) => wheel.Schedule(this, timeout);

    /// <summary>CONNECT is complete: how long the answer takes is up to the server.</summary>
    public void StopConnectTimeout()
    {
        if (!connection.IsClosing)
        {
            wheel.Cancel(this);
        }
    }

    /// <summary>Any received byte restarts the 1.5 × Keep Alive deadline. [MQTT-3.1.2-22]</summary>
    /// <param name="seconds">0: none.</param>
    public void StartKeepAlive(ushort seconds)
    {
        _keepAlive = TimeSpan.FromSeconds(seconds * 1.5);
        NoteReceived();
        if (seconds == 0)
        {
            wheel.Cancel(this);
        }
        else
        {
            wheel.Schedule(this, _keepAlive);
        }
    }

    public void StartGrace(TimeSpan grace) => wheel.Schedule(this, grace);

    public void Cancel() => wheel.Cancel(this);

    /// <summary>Bytes were received.</summary>
    /// <returns>Milliseconds since they were before.</returns>
    public long NoteReceived()
    {
        var now = wheel.Now;
        var silence = now - Volatile.Read(ref _lastReceived);
        Volatile.Write(ref _lastReceived, now);
        return silence;
    }

    /// <summary>Nothing is read for a while: a packet waits for its grain, or the client does not take its replies.</summary>
    public void HoldUp() => _isHeldUp = true;

    /// <summary>Reading goes on. The client may have sent meanwhile, so its silence counts from here.</summary>
    public void Resume()
    {
        NoteReceived();
        _isHeldUp = false;
    }

    public override void OnDue()
    {
        if (connection.IsClosing)
        {
            connection.Ending.Abort(); // the last frame did not leave within its grace
        }
        else if (connection.Session is null)
        {
            connection.Close(CloseCause.ConnectTimeout);
        }
        else
        {
            OnKeepAliveDue();
        }
    }

    private void OnKeepAliveDue()
    {
        var silence = TimeSpan.FromMilliseconds(wheel.Now - Volatile.Read(ref _lastReceived));
        if (_isHeldUp)
        {
            wheel.Schedule(this, _keepAlive); // what the client sent meanwhile was not read, so its silence counts from the next read on
        }
        else if (silence >= _keepAlive)
        {
            connection.Close(CloseCause.KeepAliveTimeout, Protocol.ReasonCode.KeepAliveTimeout);
        }
        else
        {
            wheel.Schedule(this, _keepAlive - silence);
        }
    }
}
