using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// One client's connection over a byte pipe of any kind: a read loop, one outbound queue and one writer. It knows no packet but hands what it
/// reads to the protocol, and undoes everything when it ends. A data stream of QUIC is a connection too: see <see cref="DataStreams"/>.
/// </summary>
internal sealed class Connection
{
    private readonly ConnectionEnvironment _environment;
    private readonly Connection? _control;
    private readonly OutboundWriter _writer;
    private readonly ReadBuffer _input = new();
    private DataStreams? _streams;
    private int _woken;
    private volatile bool _isShortOfMemory;

    public Connection(long id, Transport transport, ConnectionEnvironment environment)
    {
        (Id, Transport, _environment) = (id, transport, environment);
        Outbound = new OutboundQueue(environment.Outbound.ReplyLimit);
        Ending = new ConnectionEnding(this, environment);
        Deadline = new ConnectionDeadline(this, environment.Wheel, environment.Options.PacketTimeout);
        _writer = new OutboundWriter(this, Outbound, environment);
    }

    private Connection(Connection control, Transport transport)
        : this(control.Id, transport, control._environment)
    {
        (_control, Client) = (control, control.Client);
    }

    /// <summary>Names the connection in the log; a data stream has that of its control stream.</summary>
    public long Id { get; }

    public Transport Transport { get; }

    public EndPoint? RemoteEndPoint => Transport.RemoteEndPoint;

    public OutboundQueue Outbound { get; }

    public ConnectionDeadline Deadline { get; }

    public ConnectionEnding Ending { get; }

    /// <summary>Set by CONNECT; <see cref="Client.Unknown"/> before.</summary>
    public Client Client { get; set; } = Client.Unknown;

    /// <summary>Null unless CONNECT named an Authentication Method.</summary>
    public ConnectionAuthentication? Authentication { get; set; }

    /// <summary>The session that this connection serves; null until CONNACK.</summary>
    public IConnectionSession? Session { get; private set; }

    /// <summary>The Topic Aliases of what the client publishes here. Used by the reader alone.</summary>
    public InboundTopicAliases InboundAliases => field ??= new();

    /// <summary>Whether the last read took more work than its share. Used by the reader alone.</summary>
    public bool IsBusy { get; set; }

    public bool IsDataStream => _control is not null;

    /// <summary>The open ones; empty on a data stream and where the transport is one pipe.</summary>
    public IReadOnlyList<Connection> DataStreams => _streams?.Open ?? [];

    /// <summary>Why the connection ends or has ended; None while it is open.</summary>
    public CloseCause Cause => Ending.Cause;

    public bool IsClosing => Cause != CloseCause.None;

    /// <summary>Completes when the connection has ended and everything that it held is handed back.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    /// <summary>Bytes that wait for this client: being written, in the connection's queue and in its session.</summary>
    public long WaitingBytes =>
        _writer.BlockedBytes + Outbound.Bytes + (Session?.WaitingBytes ?? 0) + DataStreams.Sum(static stream => stream.WaitingBytes);

    /// <summary>Whether it reads no more until a <see cref="ReadBudget"/> has room for what its client sends.</summary>
    public bool IsShortOfMemory => _isShortOfMemory;

    /// <summary>Unix milliseconds, at most one tick of the wheel old.</summary>
    public long UnixNow => _environment.Wheel.UnixNow;

    /// <summary>A data stream of <paramref name="control"/>, with its part of the session.</summary>
    public static Connection OpenStream(Connection control, Transport pipe, IConnectionSession session)
    {
        // Topic Aliases towards the client stay on the control stream: the other side does not know the order of streams.
        var stream = new Connection(control, pipe);
        stream.Session = session.OpenStream(stream);
        return stream;
    }

    public Task RunAsync() => Ended = ServeAsync();

    /// <summary>Bytes that it has taken from the budget, for a packet that is not complete.</summary>
    public int HeldOf(ReadBudget budget) => _input.HeldOf(budget);

    /// <summary>CONNACK is queued: from here on the connection serves its session, under the Keep Alive of its client.</summary>
    public void Serve(IConnectionSession session)
    {
        Session = session;
        _writer.Aliases = Client.TopicAliasMaximum == 0 ? null : new OutboundTopicAliases(Client.TopicAliasMaximum);
        Deadline.StartKeepAlive(Client.KeepAlive);
    }

    /// <summary>From here on data streams are read, if there are any. What came on them before waited in the client.</summary>
    public void ServeStreams()
    {
        var first = Transport.AcceptStreamAsync().AsTask();
        if (Session is { } session && !(first.IsCompletedSuccessfully && first.Result is null)) // one pipe: null at once
        {
            _streams = new DataStreams(this, _environment);
            _ = _streams.ServeAsync(session, first);
        }
    }

    /// <summary>Queues a reply. It leaves when all packets of the read are dispatched, or with <see cref="FlushOutbound"/>.</summary>
    public void Reply(in OutboundFrame frame) => Outbound.TryEnqueue(frame);

    public void FlushOutbound() => _writer.Wake();

    /// <summary>True for the first caller until <see cref="FlushWoken"/>.</summary>
    public bool TryMarkWoken() => Interlocked.Exchange(ref _woken, 1) == 0;

    public void FlushWoken()
    {
        Volatile.Write(ref _woken, 0); // before draining: what comes later marks it again
        _writer.Wake();
    }

    /// <summary>
    /// Begins the end, if it has not begun. What is not the data stream's own affair ends the control stream, and with it all the others.
    /// </summary>
    /// <param name="cause">Why.</param>
    /// <param name="reason">For the DISCONNECT of an MQTT 5 client; null sends none.</param>
    public void Close(CloseCause cause, ReasonCode? reason = null)
    {
        if (_control is not null && !cause.EndsOnlyItsStream())
        {
            _control.Close(cause, reason);
        }
        else
        {
            Ending.Begin(cause, reason);
        }
    }

    /// <summary>The verdict on a packet: anything but Success breaks the connection. [MQTT-4.13.1-1]</summary>
    public void CloseUnlessSuccess(ReasonCode verdict)
    {
        if (verdict == ReasonCode.Success || IsClosing)
        {
            return;
        }

        if (IsDataStream)
        {
            ConnectionLog.StreamProtocolError(_environment.Logger, Id, Client.Id, RemoteEndPoint, verdict);
        }
        else
        {
            ConnectionLog.ProtocolError(_environment.Logger, Id, Client.Id, RemoteEndPoint, verdict);
        }

        Close(verdict == ReasonCode.ServerUnavailable ? CloseCause.InternalError : CloseCause.ProtocolError, verdict);
    }

    public void CloseStreams(CloseCause cause) => _streams?.Close(cause);

    private async Task ServeAsync()
    {
        try
        {
            Begin();
            await ReadAllAsync().ConfigureAwait(false);
            Close(IsDataStream ? CloseCause.StreamFinished : CloseCause.PeerClosed);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            Close(CloseCause.NetworkError); // expected: the network, or our own Abort
        }
        catch (Exception exception)
        {
            ConnectionLog.UnexpectedError(_environment.Logger, Id, Client.Id, exception);
            Close(CloseCause.InternalError, ReasonCode.UnspecifiedError);
        }
        finally
        {
            _input.Release();
            await EndAsync().ConfigureAwait(false);
        }
    }

    private void Begin()
    {
        if (IsDataStream)
        {
            ConnectionLog.StreamOpened(_environment.Logger, Id, Client.Id);
            return;
        }

        Deadline.StartConnectTimeout(_environment.Options.ConnectTimeout);
        ConnectionLog.Accepted(_environment.Logger, Id, Transport.Kind, Transport.Listener, RemoteEndPoint);
    }

    /// <summary>
    /// The one reader. It waits without a buffer, reads what there is, and has every whole packet dispatched before it
    /// reads again.
    /// </summary>
    private async Task ReadAllAsync()
    {
        while (!IsClosing)
        {
            if (_input.IsIdle)
            {
                _input.Shrink();
                await Transport.ReadAsync(Memory<byte>.Empty).ConfigureAwait(false); // a waiting connection holds no memory
            }

            var budget = _environment.Budgets.Of(this);
            if (!_input.TryMakeRoom(budget, out var room))
            {
                await FreedAsync(budget).ConfigureAwait(false);
                continue;
            }

            var read = await Transport.ReadAsync(room).ConfigureAwait(false);
            if (read == 0 || IsClosing)
            {
                if (IsDataStream && !_input.IsEmpty)
                {
                    CloseUnlessSuccess(ReasonCode.MalformedPacket); // half a packet was of no use: its sender has to learn of it
                }

                return;
            }

            _input.Add(read, Deadline.NoteReceived());
            var before = _input.Unread.Length;
            _control?.Deadline.NoteReceived(); // a data stream was received from: the client lives [MQTT-3.1.2-22]
            var dispatch = _environment.Protocol.DispatchAsync(this, _input);
            if (!dispatch.IsCompletedSuccessfully)
            {
                Deadline.HoldUp();
                await dispatch.ConfigureAwait(false);
                Deadline.Resume();
            }

            var left = _input.Unread.Length;
            Deadline.NoteUnfinished(left, isNew: left < before || before == read);
        }
    }

    /// <summary>Waits while all connections together hold too much of what is not complete. The client waits with it.</summary>
    private async Task FreedAsync(ReadBudget budget)
    {
        _isShortOfMemory = true;
        Deadline.HoldUp();
        await Task.WhenAny(budget.FreedAsync(), Ending.AllWritten).ConfigureAwait(false); // a closing connection does not wait
        Deadline.Resume();
        _isShortOfMemory = false;
    }

    private async Task EndAsync()
    {
        await Ending.AllWritten.ConfigureAwait(false);
        Deadline.Cancel();
        _writer.StopStallWatch();
        if (_control is not null)
        {
            await EndStreamAsync(_control).ConfigureAwait(false);
            return;
        }

        _environment.Metrics.Closed(Cause);
        ConnectionLog.Ended(_environment.Logger, Id, Client.Id, Cause, RemoteEndPoint);
        await _environment.Protocol.EndedAsync(this).ConfigureAwait(false);
        await Transport.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(DataStreams.Select(static stream => stream.Ended)).ConfigureAwait(false);
    }

    private async Task EndStreamAsync(Connection control)
    {
        ConnectionLog.StreamEnded(_environment.Logger, Id, Client.Id, Cause);
        try
        {
            await _environment.Protocol.EndedAsync(this).ConfigureAwait(false); // the session goes on with what this stream leaves behind
        }
        finally
        {
            await Transport.DisposeAsync().ConfigureAwait(false); // only then may the client open another one
            control._streams?.Remove(this);
        }
    }
}
