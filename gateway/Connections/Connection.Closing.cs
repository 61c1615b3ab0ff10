using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// How a connection ends: the first cause wins, a last DISCONNECT leaves in order when the client can still read it, then the
/// transport closes. Every end passes through here, so none can forget the will, the session or the socket.
/// </summary>
internal sealed partial class Connection
{
    private readonly TaskCompletionSource _allWritten = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Deadline _deadline;
    private readonly List<OutboundFrame> _unsent = [];
    private StallWatch? _stall;
    private int _cause;
    private bool _isFinishing;
    private long _lastReceived;
    private TimeSpan _keepAlive;

    public CloseCause Cause => (CloseCause)Volatile.Read(ref _cause);

    public bool IsClosing => Cause != CloseCause.None;

    /// <summary>Begins the end. <paramref name="reason"/> goes into the DISCONNECT of an MQTT 5 client; null sends none.</summary>
    public void Close(CloseCause cause, ReasonCode? reason = null)
    {
        if (_control is not null && !cause.EndsOnlyItsStream())
        {
            _control.Close(cause, reason); // and with it this stream
        }
        else
        {
            CloseThis(cause, reason);
        }
    }

    private void CloseThis(CloseCause cause, ReasonCode? reason)
    {
        if (Interlocked.CompareExchange(ref _cause, (int)cause, (int)CloseCause.None) != (int)CloseCause.None)
        {
            return;
        }

        if (Session is StreamPart part)
        {
            part.Pause();
        }

        var gone = cause.IsClientGone();
        Outbound.Complete(discardReplies: gone || cause == CloseCause.NullOutboundFrame, gone ? null : LastFrame(reason), _unsent);
        CloseStreams(cause); // after the line before: what they leave behind must not go out here any more
        if (cause is CloseCause.PeerClosed or CloseCause.NetworkError or CloseCause.Stalled)
        {
            FinishTransport(aborted: true);
            return;
        }

        _gateway.Wheel.Schedule(_deadline, cause.Grace());
        _writer.Wake();
    }

    /// <summary>The publications that never reached the wire; empty until the connection closes.</summary>
    public IReadOnlyList<OutboundFrame> TakeUnsent()
    {
        Outbound.Complete(discardReplies: false, last: null, _unsent);
        return _unsent;
    }

    /// <summary>CONNECT is complete: how long its answer takes is the server's affair.</summary>
    public void OnConnectReceived()
    {
        if (!IsClosing)
        {
            _gateway.Wheel.Cancel(_deadline);
        }
    }

    /// <summary>Keep Alive in seconds, 0 = off. Anything received puts the end off by one and a half times it. [MQTT-3.1.2-22]</summary>
    public void SetKeepAlive(ushort seconds)
    {
        _keepAlive = TimeSpan.FromSeconds(seconds * 1.5);
        Volatile.Write(ref _lastReceived, Now);
        if (seconds == 0)
        {
            _gateway.Wheel.Cancel(_deadline);
        }
        else
        {
            _gateway.Wheel.Schedule(_deadline, _keepAlive);
        }
    }

    /// <summary>The queue is empty and completed: everything that was to be said is said.</summary>
    public void OnAllWritten() => FinishTransport(aborted: false);

    public void OnWriteFailed(Exception exception)
    {
        Log.WriteFailed(_gateway.Logger, Id, ClientId, exception.Message);
        Close(CloseCause.NetworkError);
        FinishTransport(aborted: true);
    }

    public void OnEncodeFailed(Exception exception)
    {
        Log.UnexpectedError(_gateway.Logger, Id, ClientId, exception);
        Close(CloseCause.InternalError);
        FinishTransport(aborted: true);
    }

    /// <summary>The guard's answer to a frame without bytes: never log and go on. Architecture §8.</summary>
    public void OnNullFrame(PacketType last, int discarded)
    {
        if (IsClosing)
        {
            return;
        }

        Log.NullOutboundFrame(_gateway.Logger, ClientId, Session?.Epoch ?? 0, Transport.Kind, Version, Outbound.Count + discarded, last);
        _gateway.Metrics.NullFrame(Transport.Kind, Version);
        Close(CloseCause.NullOutboundFrame, ReasonCode.ImplementationSpecificError);
    }

    /// <summary>A write is pending: have it looked at when it may have stalled.</summary>
    public void WatchStall()
    {
        _stall ??= new StallWatch(this);
        if (!_stall.IsArmed && !IsClosing)
        {
            _gateway.Wheel.Schedule(_stall, _gateway.Options.Outbound.StallTimeout);
        }
    }

    private OutboundFrame? LastFrame(ReasonCode? reason)
    {
        // a server of 3.1.1 and before has no DISCONNECT; before CONNACK there is nobody to send one to
        if (reason is not { } code || Version != ProtocolVersion.Mqtt5 || Session is null || IsDataStream)
        {
            return null;
        }

        return new DisconnectPacket { ReasonCode = code }.Encode((uint)ClientMaximumPacketSize) is { } packet
            ? OutboundFrame.Of(PacketType.Disconnect, packet)
            : null;
    }

    private void FinishTransport(bool aborted)
    {
        if (aborted)
        {
            Transport.Abort();
            _allWritten.TrySetResult();
        }
        else if (!Interlocked.Exchange(ref _isFinishing, true))
        {
            _ = FinishAsync();
        }
    }

    private async Task FinishAsync()
    {
        try
        {
            await Task.WhenAll(DataStreams.Select(stream => stream._allWritten.Task)).ConfigureAwait(false);
            await Transport.CloseAsync(Cause.TransportStatus()).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            Log.WriteFailed(_gateway.Logger, Id, ClientId, exception.Message); // expected: the peer was faster
        }
        finally
        {
            Transport.Abort(); // lets go of a pending read
            _allWritten.TrySetResult();
        }
    }

    private void OnDeadline()
    {
        if (IsClosing)
        {
            FinishTransport(aborted: true); // the last frame did not leave within its grace
        }
        else if (Session is null)
        {
            Close(CloseCause.ConnectTimeout);
        }
        else
        {
            OnKeepAliveDue();
        }
    }

    private void OnKeepAliveDue()
    {
        var silent = TimeSpan.FromMilliseconds(Now - Volatile.Read(ref _lastReceived));
        if (_isHeldUp)
        {
            _gateway.Wheel.Schedule(_deadline, _keepAlive); // what it sent meanwhile was not read, so it counts from the next read on
        }
        else if (silent >= _keepAlive)
        {
            Close(CloseCause.KeepAliveTimeout, ReasonCode.KeepAliveTimeout);
        }
        else
        {
            _gateway.Wheel.Schedule(_deadline, _keepAlive - silent);
        }
    }

    /// <summary>Work and no progress for the whole time-out: the watchdog of architecture §8.</summary>
    private void OnStallDue()
    {
        var since = _writer.BlockedSince;
        var blocked = TimeSpan.FromMilliseconds(Now - since);
        if (since == 0 || IsClosing)
        {
            return;
        }

        if (blocked < _gateway.Options.Outbound.StallTimeout)
        {
            _gateway.Wheel.Schedule(_stall!, _gateway.Options.Outbound.StallTimeout - blocked); // armed by WatchStall, so it is there
            return;
        }

        if (IsDataStream)
        {
            Log.StreamStalled(_gateway.Logger, Id, ClientId, RemoteEndPoint, Outbound.Count);
        }
        else
        {
            Log.Stalled(_gateway.Logger, ClientId, RemoteEndPoint, Outbound.Count);
        }

        Close(CloseCause.Stalled);
    }

    private sealed class Deadline(Connection connection) : WheelEntry
    {
        public override void OnDue() => connection.OnDeadline();
    }

    private sealed class StallWatch(Connection connection) : WheelEntry
    {
        public override void OnDue() => connection.OnStallDue();
    }
}
