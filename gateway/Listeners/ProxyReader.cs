using System.Buffers;
using System.Net;
using System.Net.Sockets;
using GrainMQ.Gateway.Protocol;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Listeners;

/// <summary>What came of the header of one connection.</summary>
/// <param name="IsValid">False: the connection is to be closed; the log says why.</param>
/// <param name="Client">Where the client connects from.</param>
internal readonly record struct ProxyResult(bool IsValid, EndPoint? Client);

/// <summary>Takes the PROXY protocol header off connections of one listener, and not one byte more.</summary>
/// <param name="timeout">From accepting the connection to the end of the header.</param>
public sealed partial class ProxyReader(string listener, TimeSpan timeout, TimeProvider time, ILogger<ProxyReader> logger)
{
    internal async ValueTask<ProxyResult> ReadAsync(Socket socket, EndPoint? proxy, CancellationToken stopping)
    {
        using var ended = new Ending(timeout, time, stopping);
        var buffer = ArrayPool<byte>.Shared.Rent(ProxyHeader.MaximumLength);
        try
        {
            return await ReadAsync(socket, buffer, proxy, ended.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            return Refuse(proxy, e is SocketException ? e.Message : ended.Cause);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    // Looks at what has come without taking it: everything up to the header's end is taken, what follows stays in the socket.
    private async ValueTask<ProxyResult> ReadAsync(Socket socket, byte[] buffer, EndPoint? proxy, CancellationToken ended)
    {
        for (var taken = 0; ;)
        {
            var seen = await socket.ReceiveAsync(buffer.AsMemory(taken, ProxyHeader.MaximumLength - taken), SocketFlags.Peek, ended);
            if (seen == 0)
            {
                return Refuse(proxy, ReadStatus.NeedMore, isEmpty: taken == 0);
            }

            var status = ProxyHeader.TryRead(buffer.AsSpan(0, taken + seen), out var length, out var client);
            if (status == ReadStatus.Malformed)
            {
                return Refuse(proxy, status, isEmpty: false);
            }

            for (var until = status == ReadStatus.Ok ? length : taken + seen; taken < until;)
            {
                taken += await socket.ReceiveAsync(buffer.AsMemory(taken, until - taken), SocketFlags.None, ended);
            }

            if (status == ReadStatus.Ok)
            {
                return new ProxyResult(true, client ?? proxy);
            }
        }
    }

    private ProxyResult Refuse(EndPoint? proxy, ReadStatus status, bool isEmpty) => isEmpty
        ? default // closed without a word: a load balancer that only looks whether the port is open
        : Refuse(proxy, status == ReadStatus.Malformed ? "it is malformed, or there is none" : "the connection ended within it");

    private ProxyResult Refuse(EndPoint? proxy, string cause)
    {
        LogRefused(logger, listener, proxy, cause);
        return default;
    }

    [LoggerMessage(1160, LogLevel.Warning, "Listener {Listener}: no PROXY protocol header from {Proxy}: {Cause}. The connection is closed")]
    private static partial void LogRefused(ILogger logger, string listener, EndPoint? proxy, string cause);

    private sealed class Ending : IDisposable
    {
        private readonly CancellationTokenSource _timeout;
        private readonly CancellationTokenSource _either;
        private readonly TimeSpan _limit;

        public Ending(TimeSpan limit, TimeProvider time, CancellationToken stopping)
        {
            _limit = limit;
            _timeout = new CancellationTokenSource(limit, time);
            _either = CancellationTokenSource.CreateLinkedTokenSource(_timeout.Token, stopping);
        }

        public CancellationToken Token => _either.Token;

        public string Cause => _timeout.IsCancellationRequested ? $"not finished within {_limit} (Connections:ConnectTimeout)" : "the server is stopping";

        public void Dispose()
        {
            _either.Dispose();
            _timeout.Dispose();
        }
    }
}
