using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The data streams that a client opens within its connection, where the transport has such: each is a connection of its own kind, with
/// one reader, one ordered queue, one writer and a part of the session (invariant I1 holds for each), but CONNECT, PINGREQ, DISCONNECT and
/// AUTH belong on the control stream. docs/decisions/0006.
/// </summary>
internal sealed partial class Connection
{
    private readonly Connection? _control;
    private readonly Lock _streamsLock = new();
    private Connection[] _streams = [];

    private Connection(Connection control, Transport transport)
        : this(control.Id, transport, control._gateway, control._dispatcher)
    {
        _control = control;
        (Version, ClientId, UserName) = (control.Version, control.ClientId, control.UserName);
        (ClientMaximumPacketSize, SessionExpiryMaximum) = (control.ClientMaximumPacketSize, control.SessionExpiryMaximum);
        // Topic aliases towards the client stay on the control stream: the order of streams is not known to the other side.
    }

    public bool IsDataStream => _control is not null;

    /// <summary>Those that are open; empty on a data stream and where the transport is one pipe.</summary>
    public IReadOnlyList<Connection> DataStreams => Volatile.Read(ref _streams);

    /// <summary>CONNECT was accepted: from here on data streams are read. What came on them before waited in the client.</summary>
    public void ServeStreams() => _ = AcceptStreamsAsync();

    private async Task AcceptStreamsAsync()
    {
        try
        {
            while (await Transport.AcceptStreamAsync().ConfigureAwait(false) is { } pipe)
            {
                await OpenStreamAsync(pipe).ConfigureAwait(false);
            }
        }
        catch (Exception exception)
        {
            Log.UnexpectedError(_gateway.Logger, Id, ClientId, exception);
            Close(CloseCause.InternalError, ReasonCode.UnspecifiedError);
        }
    }

    private async ValueTask OpenStreamAsync(Transport pipe)
    {
        if (Session is not Session session)
        {
            await pipe.DisposeAsync().ConfigureAwait(false); // not reached: streams are served when there is a session
            return;
        }

        var stream = new Connection(this, pipe);
        stream.Session = session.OpenStream(stream);
        lock (_streamsLock)
        {
            _streams = [.. _streams, stream];
        }

        if (IsClosing)
        {
            stream.CloseThis(Cause, reason: null);
        }

        _ = stream.RunAsync();
    }

    /// <summary>A data stream was received from: the client lives. [MQTT-3.1.2-22]</summary>
    private void NoteReceived() => Volatile.Write(ref _lastReceived, Now);

    private void CloseStreams(CloseCause cause)
    {
        foreach (var stream in DataStreams)
        {
            stream.CloseThis(cause, reason: null);
        }
    }

    /// <summary>A data stream that ends inside a packet is of no use to its sender, who has to learn of it.</summary>
    private void OnEndOfStream()
    {
        if (IsDataStream && _end > _start)
        {
            Apply(ReasonCode.MalformedPacket);
        }
    }

    private void LogProtocolError(ReasonCode reason)
    {
        if (IsDataStream)
        {
            Log.StreamProtocolError(_gateway.Logger, Id, ClientId, RemoteEndPoint, reason);
        }
        else
        {
            Log.ProtocolError(_gateway.Logger, Id, ClientId, RemoteEndPoint, reason);
        }
    }

    /// <summary>The session goes on with what this stream leaves behind.</summary>
    private async Task EndStreamAsync()
    {
        Log.StreamEnded(_gateway.Logger, Id, ClientId, Cause);
        try
        {
            await _gateway.Closer.StreamEndedAsync(this).ConfigureAwait(false);
        }
        finally
        {
            await Transport.DisposeAsync().ConfigureAwait(false); // only then may the client open another one
            _control?.Forget(this);
        }
    }

    private void Forget(Connection stream)
    {
        lock (_streamsLock)
        {
            _streams = [.. _streams.Where(other => other != stream)];
        }
    }
}
