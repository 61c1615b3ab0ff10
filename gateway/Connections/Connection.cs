using System.Net;
using GrainMQ.Gateway.Handlers;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// One client's connection: a read loop, one outbound queue and one writer over a byte pipe of any kind. It knows no packet but
/// hands each to its handler, and undoes everything when it ends.
/// </summary>
internal sealed partial class Connection
{
    private readonly GatewayContext _gateway;
    private readonly PacketDispatcher _dispatcher;
    private readonly OutboundWriter _writer;
    private int _woken;

    public Connection(long id, Transport transport, GatewayContext gateway, PacketDispatcher dispatcher)
    {
        Id = id;
        Transport = transport;
        _gateway = gateway;
        _dispatcher = dispatcher;
        Outbound = new OutboundQueue(gateway.Options.Outbound.ReplyLimit);
        _writer = new OutboundWriter(this, Outbound);
        _deadline = new Deadline(this);
    }

    public long Id { get; }

    /// <summary>Names the claim on the session towards the grains: rises in the order in which a client's CONNECTs are served.</summary>
    public long ClaimId { get; set; }

    public Transport Transport { get; }

    public OutboundQueue Outbound { get; }

    /// <summary>Bytes that wait for this client: being written, on the wire's queue and in its session.</summary>
    public long WaitingBytes => _writer.BlockedBytes + Outbound.Bytes + (Session?.WaitingBytes ?? 0) + DataStreams.Sum(stream => stream.WaitingBytes);

    public EndPoint? RemoteEndPoint => Transport.RemoteEndPoint;

    /// <summary>Of the CONNECT; MQTT 5 until there is one, the strictest reading.</summary>
    public ProtocolVersion Version { get; set; } = ProtocolVersion.Mqtt5;

    /// <summary>Null until CONNACK.</summary>
    public SessionPart? Session { get; set; }

    public string ClientId { get; set; } = "";

    /// <summary>Whom the client was found to be; null: nobody in particular.</summary>
    public string? UserName { get; set; }

    /// <summary>Null unless CONNECT named an Authentication Method.</summary>
    public ConnectionAuthentication? Authentication { get; set; }

    /// <summary>The largest packet that the client accepts. [MQTT-3.1.2-24]</summary>
    public int ClientMaximumPacketSize { get; set; } = int.MaxValue;

    /// <summary>The server's cap, for a DISCONNECT that changes the interval.</summary>
    public uint SessionExpiryMaximum { get; set; }

    public InboundTopicAliases InboundAliases { get; } = new();

    public OutboundTopicAliases? OutboundAliases { set => _writer.Aliases = value; }

    /// <summary>What becomes of the will; null when there is none or DISCONNECT discarded it.</summary>
    public Will? Will { get; set; }

    /// <summary>Monotonic milliseconds of the wheel.</summary>
    public long Now => _gateway.Wheel.Now;

    public long UnixNow => _gateway.Wheel.UnixNow;

    /// <summary>Completed when the connection has ended and everything it held is handed back.</summary>
    public Task Ended { get; private set; } = Task.CompletedTask;

    public Task RunAsync() => Ended = ServeAsync();

    private async Task ServeAsync()
    {
        Begin();
        try
        {
            await ReadAllAsync().ConfigureAwait(false);
            Close(IsDataStream ? CloseCause.StreamFinished : CloseCause.PeerClosed);
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException)
        {
            Close(CloseCause.NetworkError); // expected: the network, or our own Abort
        }
        catch (Exception exception)
        {
            Log.UnexpectedError(_gateway.Logger, Id, ClientId, exception);
            Close(CloseCause.InternalError, ReasonCode.UnspecifiedError);
        }
        finally
        {
            await EndAsync().ConfigureAwait(false);
        }
    }

    /// <summary>What an authenticator may know of this client; <paramref name="connect"/> brings user name and password.</summary>
    public AuthenticationRequest AuthenticationRequest(ConnectPacket? connect = null) =>
        new(ClientId, Transport.UserName ?? connect?.UserName, connect?.Password, Transport.Listener, RemoteEndPoint)
        {
            IsCertified = Transport.UserName is not null,
        };

    private void Begin()
    {
        if (IsDataStream)
        {
            Log.StreamOpened(_gateway.Logger, Id, ClientId);
            return;
        }

        _gateway.Wheel.Schedule(_deadline, _gateway.Options.Connections.ConnectTimeout);
        Log.Accepted(_gateway.Logger, Id, Transport.Kind, Transport.Listener, RemoteEndPoint);
    }

    /// <summary>Queues a reply; it leaves when the burst is flushed, or with <see cref="FlushOutbound"/>.</summary>
    public void Reply(in OutboundFrame frame) => Outbound.TryEnqueue(frame);

    public void FlushOutbound() => _writer.Wake();

    /// <summary>True for the first caller until the connection was flushed.</summary>
    public bool TryMarkWoken() => Interlocked.Exchange(ref _woken, 1) == 0;

    public void FlushWoken()
    {
        Volatile.Write(ref _woken, 0); // before draining: what comes later marks it again
        _writer.Wake();
    }

    private async Task EndAsync()
    {
        await _allWritten.Task.ConfigureAwait(false);
        _gateway.Wheel.Cancel(_deadline);
        if (_stall is not null)
        {
            _gateway.Wheel.Cancel(_stall);
        }

        if (IsDataStream)
        {
            await EndStreamAsync().ConfigureAwait(false);
            return;
        }

        _gateway.Metrics.Closed(Cause);
        Log.Ended(_gateway.Logger, Id, ClientId, Cause, RemoteEndPoint);
        await _gateway.Closer.ConnectionEndedAsync(this).ConfigureAwait(false);
        await Transport.DisposeAsync().ConfigureAwait(false);
        await Task.WhenAll(DataStreams.Select(stream => stream.Ended)).ConfigureAwait(false);
    }
}
