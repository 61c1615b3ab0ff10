using System.Net;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Tests.Testing;

/// <summary>A byte pipe in memory: the server's end is a transport like any other, the test holds the client's end.</summary>
public class MemoryTransport(string listener = "memory", TransportKind kind = TransportKind.Memory) : Transport
{
    private readonly Lock _lock = new();
    private readonly MemoryStream _toClient = new();
    private byte[] _toServer = [];
    private int _clientRead;
    private TaskCompletionSource _changed = NewSignal();
    private bool _clientClosed;
    private bool _clientFinished;
    private bool _serverClosed;
    private bool _isStuck;

    public override TransportKind Kind { get; } = kind;

    public override EndPoint? RemoteEndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 50000);

    public override string Listener { get; } = listener;

    /// <summary>How the server closed; null while it has not, or when it aborted.</summary>
    public TransportCloseStatus? CloseStatus { get; private set; }

    public bool IsClosedByServer
    {
        get { lock (_lock) { return _serverClosed; } }
    }

    /// <summary>The most bytes that one read of the server gets; 1 hands it every byte alone.</summary>
    public int MaximumRead { get; set; } = int.MaxValue;

    /// <summary>Bytes of the client that the server has not read yet.</summary>
    public int Unread
    {
        get { lock (_lock) { return _toServer.Length; } }
    }

    /// <summary>The client's bytes, to be read by the server together with what it has not read yet.</summary>
    public virtual void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_lock)
        {
            _toServer = [.. _toServer, .. bytes];
            Signal();
        }
    }

    /// <summary>The network breaks, or the client closes without a word.</summary>
    public void Drop()
    {
        lock (_lock)
        {
            _clientClosed = true;
            Signal();
        }
    }

    /// <summary>The client says that it will send nothing more, and goes on reading.</summary>
    public void Finish()
    {
        lock (_lock)
        {
            _clientFinished = true;
            Signal();
        }
    }

    /// <summary>The client takes nothing any more: the server's writes stay pending.</summary>
    public void StopTaking()
    {
        lock (_lock) { _isStuck = true; }
    }

    public void GoOnTaking()
    {
        lock (_lock)
        {
            _isStuck = false;
            Signal();
        }
    }

    /// <summary>What the server wrote since the last call; waits until there is something. Empty: the server has closed.</summary>
    public async Task<byte[]> ReceiveAsync()
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_toClient.Length > _clientRead)
                {
                    var bytes = _toClient.ToArray()[_clientRead..];
                    _clientRead = 0;
                    _toClient.SetLength(0);
                    return bytes;
                }

                if (_serverClosed)
                {
                    return [];
                }

                changed = _changed.Task;
            }

            await changed.OrStuck("bytes from the server");
        }
    }

    /// <summary>What the server wrote since the last call; empty when there is nothing yet.</summary>
    public byte[] Take()
    {
        lock (_lock)
        {
            var bytes = _toClient.ToArray()[_clientRead..];
            _clientRead = 0;
            _toClient.SetLength(0);
            return bytes;
        }
    }

    /// <summary>Completes when the server has closed or broken the connection.</summary>
    public async Task ClosedAsync()
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_serverClosed)
                {
                    return;
                }

                changed = _changed.Task;
            }

            await changed.OrStuck("the server to close");
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_serverClosed)
                {
                    throw new IOException("aborted");
                }

                if (_toServer.Length > 0)
                {
                    var count = Math.Min(Math.Min(buffer.Length, MaximumRead), _toServer.Length);
                    _toServer.AsSpan(0, count).CopyTo(buffer.Span);
                    _toServer = _toServer[count..];
                    return count;
                }

                if (_clientClosed || _clientFinished)
                {
                    return 0;
                }

                changed = _changed.Task;
            }

            await changed.ConfigureAwait(false);
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        lock (_lock)
        {
            if (!_isStuck)
            {
                Take(buffer.Span);
                return ValueTask.CompletedTask;
            }
        }

        return new ValueTask(WriteLaterAsync(buffer));
    }

    public override ValueTask CloseAsync(TransportCloseStatus status)
    {
        CloseStatus = status;
        Abort();
        return ValueTask.CompletedTask;
    }

    public override void Abort()
    {
        lock (_lock)
        {
            _serverClosed = true;
            Signal();
        }
    }

    private async Task WriteLaterAsync(ReadOnlyMemory<byte> buffer)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_serverClosed || _clientClosed)
                {
                    throw new IOException("aborted");
                }

                if (!_isStuck)
                {
                    Take(buffer.Span);
                    return;
                }

                changed = _changed.Task;
            }

            await changed.ConfigureAwait(false);
        }
    }

    private void Take(ReadOnlySpan<byte> bytes)
    {
        if (_serverClosed || _clientClosed)
        {
            throw new IOException("closed");
        }

        _toClient.Write(bytes);
        Signal();
    }

    private void Signal()
    {
        _changed.SetResult();
        _changed = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
