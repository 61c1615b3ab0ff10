using System.Net;
using System.Net.Sockets;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Transports;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting.Listeners;

/// <summary>
/// TCP and TLS on an accept loop of our own: no request pipeline, no buffers and no timers per connection. No failure to accept ends
/// the loop; while the process is out of descriptors it waits and tries again.
/// </summary>
public sealed partial class SocketListener(
    ListenerOptions options, TlsHandshake? tls, IConnectionHandler handler, TimeProvider time, ILogger<SocketListener> logger)
    : Listener(options)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly LogLimiter _limiter = new(time, TimeSpan.FromSeconds(10));
    private readonly CancellationTokenSource _stopping = new();
    private Socket? _socket;
    private IPEndPoint? _endPoint;
    private Task _accepting = Task.CompletedTask;

    public override IPEndPoint EndPoint => _endPoint ?? throw new InvalidOperationException("The listener is not started.");

    public override Task StartAsync()
    {
        _socket = ListenSocket.Bind(Configured, Address);
        _socket.Listen(ListenSocket.Backlog);
        _endPoint = (IPEndPoint?)_socket.LocalEndPoint;
        _accepting = AcceptAsync(_socket);
        return Task.CompletedTask;
    }

    public override async Task StopAcceptingAsync()
    {
        await _stopping.CancelAsync();
        _socket?.Dispose();
        await _accepting;
    }

    public override async ValueTask DisposeAsync() => await StopAcceptingAsync();

    private async Task AcceptAsync(Socket listening)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                var accepted = await listening.AcceptAsync(_stopping.Token);
                if (tls is null)
                    Serve(accepted);
                else
                    ThreadPool.UnsafeQueueUserWorkItem(Serve, accepted, preferLocal: false); // a handshake's cryptography is not for this loop
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException || _stopping.IsCancellationRequested)
            {
                return; // expected: StopAcceptingAsync
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
            {
                LogGoneBeforeAccept(logger, Name, e.Message);
            }
            catch (SocketException e)
            {
                if (_limiter.TryTake(out var suppressed))
                    LogAcceptFailed(logger, Name, e.SocketErrorCode, e.Message, suppressed);
                await Task.Delay(RetryDelay, time).ConfigureAwait(ConfigureAwaitOptions.None);
            }
        }
    }

    private void Serve(Socket accepted)
    {
        try
        {
            _ = ServeAsync(new SocketTransport(accepted, Name, time));
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            LogGoneBeforeAccept(logger, Name, e.Message);
            accepted.Dispose();
        }
    }

    private async Task ServeAsync(SocketTransport transport)
    {
        try
        {
            if (tls is null)
                await handler.HandleAsync(transport);
            else if (await tls.AuthenticateAsync(transport.Stream, transport.RemoteEndPoint, transport.Abort, _stopping.Token) is { } secure)
                await handler.HandleAsync(new TlsTransport(transport, secure.Stream, time) { UserName = secure.UserName });
        }
        catch (Exception e)
        {
            LogHandlerFailed(logger, e, Name, transport.RemoteEndPoint); // unexpected: the handler does not throw
            transport.Abort();
        }
    }
}
