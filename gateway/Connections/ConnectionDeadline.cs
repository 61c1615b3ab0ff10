using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The one deadline of a connection, which means one thing after the other: the time for CONNECT, then Keep Alive and the time of one packet, then the
/// grace in which the last frame may leave. While CONNECT is being answered there is none.
/// </summary>
internal sealed class ConnectionDeadline(Connection connection, TimerWheel wheel, TimeSpan packetTimeout) : WheelEntry
{
    /// <summary>Bytes per second that an unfinished packet has to grow by, on the average of its time: 800 bits, less than any line has that carries packets of this size.</summary>
    private const int SlowestPacket = 100;

    private TimeSpan _keepAlive;
    private long _lastReceived;
    private volatile bool _isHeldUp;
    private int _unfinished;
    private long _window;

    /// <summary>How long an unfinished packet may grow too slowly: Keep Alive counts packets [MQTT-3.1.2-22], and its client may take that time for one.</summary>
    private TimeSpan PacketTime => _keepAlive > packetTimeout ? _keepAlive : packetTimeout;

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

    /// <summary>Whether nothing is read for a while, so that the client is not to blame for its silence.</summary>
    public bool IsHeldUp => _isHeldUp;

    /// <summary>Time since bytes were received.</summary>
    public TimeSpan Silence => TimeSpan.FromMilliseconds(wheel.Now - Volatile.Read(ref _lastReceived));

    /// <summary>Bytes were received.</summary>
    /// <returns>Milliseconds since they were before.</returns>
    public long NoteReceived()
    {
        var now = wheel.Now;
        var silence = now - Volatile.Read(ref _lastReceived);
        Volatile.Write(ref _lastReceived, now);
        return silence;
    }

    /// <summary>
    /// What is left of a read is the beginning of a packet. It has <see cref="ConnectionOptions.PacketTimeout"/> to be completed, or to grow at a least
    /// rate and so to get as much time again.
    /// </summary>
    /// <param name="bytes">How many bytes; 0: nothing is left.</param>
    /// <param name="isNew">The packet begins in this read.</param>
    public void NoteUnfinished(int bytes, bool isNew)
    {
        if (bytes > 0 && isNew)
        {
            Volatile.Write(ref _window, Window(wheel.Now, 0)); // before the bytes, which are read first: no packet is judged by the time of another
        }

        Volatile.Write(ref _unfinished, bytes);
        if (bytes > 0 && !IsArmed && connection is { IsClosing: false, Session: not null })
        {
            wheel.ScheduleOnce(this, PacketTime); // not taken back when the packet is complete: that would cost each packet a turn of the wheel's lock
        }
    }

    /// <summary>Nothing is read for a while: a packet waits for its grain, or the client does not take its replies.</summary>
    public void HoldUp()
    {
        Volatile.Write(ref _unfinished, 0);
        _isHeldUp = true;
    }

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
            OnReadingDue();
        }
    }

    private void OnReadingDue()
    {
        var hasKeepAlive = _keepAlive > TimeSpan.Zero;
        var keepAliveLeft = hasKeepAlive ? _keepAlive - Silence : TimeSpan.MaxValue;
        if (_isHeldUp)
        {
            wheel.Schedule(this, hasKeepAlive ? _keepAlive : PacketTime); // what the client sent meanwhile was not read, so its silence counts from the next read on
        }
        else if (keepAliveLeft <= TimeSpan.Zero)
        {
            connection.Close(CloseCause.KeepAliveTimeout, ReasonCode.KeepAliveTimeout);
        }
        else if (PacketLeft() is { } packetLeft)
        {
            if (packetLeft <= TimeSpan.Zero)
            {
                connection.Close(CloseCause.PacketTimeout, ReasonCode.QuotaExceeded);
            }
            else
            {
                wheel.Schedule(this, keepAliveLeft < packetLeft ? keepAliveLeft : packetLeft);
            }
        }
        else if (hasKeepAlive)
        {
            wheel.Schedule(this, keepAliveLeft);
        }
    }

    /// <summary>Time until the unfinished packet is judged; zero or less: it is too slow; null: there is none.</summary>
    private TimeSpan? PacketLeft()
    {
        var bytes = Volatile.Read(ref _unfinished);
        var window = Volatile.Read(ref _window);
        if (bytes == 0)
        {
            return null;
        }

        var now = wheel.Now;
        var left = PacketTime - TimeSpan.FromMilliseconds(now - BegunOf(window));
        if (left > TimeSpan.Zero || bytes - BytesOf(window) < PacketTime.TotalSeconds * SlowestPacket)
        {
            return left;
        }

        Interlocked.CompareExchange(ref _window, Window(now, bytes), window); // unless the reader has begun another packet meanwhile
        return PacketTime;
    }

    // When the judged time began, to a tick, and how long the packet was then, in one value: reader and timer change both.
    private static long Window(long now, int bytes) => (now / TimerWheel.TickMilliseconds << 32) | (uint)bytes;

    private static long BegunOf(long window) => (window >> 32) * TimerWheel.TickMilliseconds;

    private static int BytesOf(long window) => (int)window;
}
