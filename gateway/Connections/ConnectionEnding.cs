using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The end of a connection: the first cause wins, a last DISCONNECT leaves in order when the client can still read it, then the
/// transport closes. Every end passes through here, so none can forget the will, the session or the socket.
/// </summary>
internal sealed class ConnectionEnding(Connection connection, ConnectionEnvironment environment)
{
    private readonly TaskCompletionSource _allWritten = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _cause;
    private bool _isFinishing;
    private ReasonCode? _reason;

    /// <summary>None while the connection is open.</summary>
    public CloseCause Cause => (CloseCause)Volatile.Read(ref _cause);

    /// <summary>Completes when nothing is read or written any more.</summary>
    public Task AllWritten => _allWritten.Task;

    /// <summary>Begins the end of this connection, or of this data stream alone. See <see cref="Connection.Close"/>.</summary>
    public void Begin(CloseCause cause, ReasonCode? reason)
    {
        if (Interlocked.CompareExchange(ref _cause, (int)cause, (int)CloseCause.None) != (int)CloseCause.None)
        {
            return;
        }

        _reason = reason;
        connection.Session?.OnClosing();
        var isGone = cause.IsClientGone();
        connection.Outbound.Complete(discardReplies: isGone || cause == CloseCause.NullOutboundFrame, isGone ? null : LastFrame(reason));
        connection.CloseStreams(cause); // after the line before: what they leave behind must not go out here any more
        if (cause is CloseCause.NetworkError or CloseCause.Stalled)
        {
            Abort();
            return;
        }

        connection.Deadline.StartGrace(cause.Grace());
        connection.FlushOutbound();
    }

    /// <summary>The queue is empty and completed: everything that was to be said is said.</summary>
    public void OnAllWritten()
    {
        if (!Interlocked.Exchange(ref _isFinishing, true))
        {
            _ = FinishAsync();
        }
    }

    public void OnWriteFailed(Exception exception)
    {
        ConnectionLog.WriteFailed(environment.Logger, connection.Id, connection.Client.Id, exception.Message);
        connection.Close(CloseCause.NetworkError);
        Abort();
    }

    public void OnEncodeFailed(Exception exception)
    {
        ConnectionLog.UnexpectedError(environment.Logger, connection.Id, connection.Client.Id, exception);
        connection.Close(CloseCause.InternalError);
        Abort();
    }

    /// <summary>The guard's answer to a frame without bytes: never log and go on. See docs/architecture.md.</summary>
    /// <param name="last">Of the packet written before it.</param>
    /// <param name="discarded">Frames that were taken from the queue and are not written, this one among them.</param>
    public void OnNullFrame(PacketType last, int discarded)
    {
        if (Cause != CloseCause.None)
        {
            return;
        }

        var (kind, client) = (connection.Transport.Kind, connection.Client);
        ConnectionLog.NullOutboundFrame(
            environment.Logger, client.Id, connection.Session?.Epoch ?? 0, kind, client.Version, connection.Outbound.Count + discarded, last);
        environment.Metrics.NullFrame(kind, client.Version);
        connection.Close(CloseCause.NullOutboundFrame, ReasonCode.ImplementationSpecificError);
    }

    /// <summary>Breaks the transport: what is not written by now is lost.</summary>
    public void Abort()
    {
        connection.Transport.Abort(); // lets go of a pending read
        _allWritten.TrySetResult();
    }

    private OutboundFrame? LastFrame(ReasonCode? reason)
    {
        // a server of 3.1.1 and before has no DISCONNECT; before CONNACK the client expects none
        if (reason is not { } code || connection.Client.Version != ProtocolVersion.Mqtt5 || connection.Session is null || connection.IsDataStream)
        {
            return null;
        }

        return new DisconnectPacket { ReasonCode = code }.Encode(connection.Client.MaximumPacketSize) is { } packet
            ? OutboundFrame.Of(PacketType.Disconnect, packet)
            : null;
    }

    private async Task FinishAsync()
    {
        try
        {
            await Task.WhenAll(connection.DataStreams.Select(stream => stream.Ending.AllWritten)).ConfigureAwait(false);
            await connection.Transport.CloseAsync(Cause.TransportStatus(_reason)).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            ConnectionLog.WriteFailed(environment.Logger, connection.Id, connection.Client.Id, exception.Message); // expected: the peer was faster
        }
        finally
        {
            Abort();
        }
    }
}
