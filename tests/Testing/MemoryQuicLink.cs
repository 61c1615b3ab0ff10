using System.Net;
using System.Threading.Channels;
using GrainMQ.Gateway.Transports.Quic;

namespace GrainMQ.Tests.Testing;

/// <summary>A QUIC connection in memory: the server has its end as an <see cref="IQuicLink"/>, the test is the client.</summary>
public sealed class MemoryQuicLink(int maximumStreams) : IQuicLink
{
    private readonly Lock _lock = new();
    private readonly Channel<MemoryQuicStream> _opened = Channel.CreateUnbounded<MemoryQuicStream>();
    private readonly HashSet<MemoryQuicStream> _streams = [];
    private bool _isClosed;

    public EndPoint? RemoteEndPoint { get; } = new IPEndPoint(IPAddress.Loopback, 50001);

    /// <summary>The application error code that the server closed with; null while it has not.</summary>
    public long? CloseCode { get; private set; }

    public bool IsDisposed { get; private set; }

    /// <summary>Streams that count against what is granted: opened, and not yet disposed by the server.</summary>
    public int OpenStreams
    {
        get { lock (_lock) { return _streams.Count; } }
    }

    /// <summary>The client opens a stream; null when it has as many as it is granted.</summary>
    public MemoryQuicStream? TryOpen(bool bidirectional = true)
    {
        var stream = new MemoryQuicStream(this, bidirectional);
        lock (_lock)
        {
            if (_isClosed || _streams.Count == maximumStreams)
            {
                return null;
            }

            _streams.Add(stream);
        }

        _opened.Writer.TryWrite(stream);
        return stream;
    }

    public async ValueTask<IQuicStream> AcceptStreamAsync()
    {
        try
        {
            return await _opened.Reader.ReadAsync();
        }
        catch (ChannelClosedException)
        {
            throw new IOException("The connection has ended.");
        }
    }

    public void Close(long errorCode)
    {
        lock (_lock)
        {
            CloseCode ??= _isClosed ? null : errorCode;
        }

        End();
    }

    /// <summary>The client closes, or its network breaks.</summary>
    public void Drop() => End();

    /// <summary>Completes when the server has closed the connection.</summary>
    public Task ClosedAsync() => Stuck.UntilAsync(() => CloseCode is not null, "the server to close the QUIC connection");

    public async ValueTask DisposeAsync()
    {
        IsDisposed = true;
        End();
        while (_opened.Reader.TryRead(out var waiting))
        {
            await waiting.DisposeAsync();
        }
    }

    internal void Forget(MemoryQuicStream stream)
    {
        lock (_lock) { _streams.Remove(stream); }
    }

    private void End()
    {
        MemoryQuicStream[] streams;
        lock (_lock)
        {
            _isClosed = true;
            streams = [.. _streams];
        }

        _opened.Writer.TryComplete();
        foreach (var stream in streams)
        {
            stream.End();
        }
    }
}
