using System.Net;
using System.Net.Sockets;
using GrainMQ.Gateway.Transports;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// Listens on TCP, with TLS or without, and on Unix domain sockets, on an accept loop of our own: no request pipeline, no buffers and no timers per connection. No failure to accept ends
/// the loop; while the process is out of descriptors it waits and tries again.
/// </summary>
public sealed partial class SocketListener(
    ListenerOptions options, TlsHandshake? tls, ProxyReader? proxy, Serving serve, TimeProvider time, ILogger<SocketListener> logger)
    : Listener(options)
{
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private readonly CancellationTokenSource _stopping = new();
    private Socket? _socket;
    private EndPoint? _endPoint;
    private Task _accepting = Task.CompletedTask;

    public override EndPoint EndPoint => _endPoint ?? throw new InvalidOperationException("The listener is not open.");

    public override Task OpenAsync()
    {
        _socket = Kind == ListenerKind.Unix ? UnixSocket.Bind(Configured) : ListenSocket.Bind(Configured, Address);
        _socket.Listen(ListenSocket.Backlog);
        _endPoint = _socket.LocalEndPoint;
        return Task.CompletedTask;
    }

    public override Task StartAsync()
    {
        _accepting = AcceptAsync(_socket ?? throw new InvalidOperationException("The listener is not open."));
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
                if (DescriptorReserve.IsTouchedBy(accepted))
                {
                    accepted.Dispose();
                    throw new SocketException((int)SocketError.TooManyOpenSockets);
                }
                if (tls is null)
                {
                    Serve(accepted);
                }
                else
                {
                    ThreadPool.UnsafeQueueUserWorkItem(Serve, accepted, preferLocal: false); // a handshake's cryptography is not for this loop
                }
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
                LogAcceptFailed(logger, Name, e.SocketErrorCode, e.Message);
                await Task.Delay(RetryDelay, time).ConfigureAwait(ConfigureAwaitOptions.None);
            }
        }
    }

    private void Serve(Socket accepted)
    {
        try
        {
            // Clients of a Unix domain socket have no address: they are where it is.
            _ = ServeAsync(accepted, Kind == ListenerKind.Unix ? EndPoint : ClientAddress.Of(accepted.RemoteEndPoint));
        }
        catch (Exception e) when (e is SocketException or IOException)
        {
            LogGoneBeforeAccept(logger, Name, e.Message);
            accepted.Dispose();
        }
    }

    private async Task ServeAsync(Socket accepted, EndPoint? client)
    {
        SocketTransport? transport = null;
        try
        {
            if (proxy is not null)
            {
                var header = await proxy.ReadAsync(accepted, client, _stopping.Token);
                if (!header.IsValid)
                {
                    accepted.Close(timeout: 0);
                    return;
                }
                client = ClientAddress.Of(header.Client);
            }
            transport = new SocketTransport(accepted, client, Name, time);
            if (tls is null)
            {
                await serve(transport);
            }
            else if (await tls.AuthenticateAsync(transport.Stream, transport.RemoteEndPoint, transport.Abort, _stopping.Token) is { } secure)
            {
                await serve(new TlsTransport(transport, secure.Stream, time) { UserName = secure.UserName });
            }
        }
        catch (Exception e) when (transport is null && e is (SocketException or IOException))
        {
            LogGoneBeforeAccept(logger, Name, e.Message);
            accepted.Dispose();
        }
        catch (Exception e)
        {
            LogHandlerFailed(logger, e, Name, client); // unexpected: the handler does not throw
            accepted.Close(timeout: 0);
        }
    }
}
