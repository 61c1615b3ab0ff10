using System.Buffers;
using System.IO.Pipelines;
using GrainMQ.Gateway.Transports;
using Microsoft.AspNetCore.Connections;

namespace GrainMQ.Gateway.Listeners;

/// <summary>
/// An accepted connection while Kestrel speaks HTTP on it. With the upgrade to WebSocket Kestrel has no more part in it than to wait for its end.
/// </summary>
internal sealed class HttpConnection : DefaultConnectionContext
{
    private readonly Transport _transport;
    private readonly HttpStream _stream;
    private readonly Pipes _pipes;

    public HttpConnection(string id, Transport transport)
        : base(id)
    {
        (_transport, _stream) = (transport, new HttpStream(transport));
        _pipes = new Pipes(
            PipeReader.Create(_stream, new(leaveOpen: true, useZeroByteReads: true)), PipeWriter.Create(_stream, new(leaveOpen: true)));
        Transport = _pipes;
        RemoteEndPoint = transport.RemoteEndPoint;
        Features.Set(this);
    }

    /// <summary>The connection from here on, without Kestrel: the answer to the upgrade has been sent.</summary>
    public WebSocketWire TakeOver()
    {
        byte[] early = [];
        if (_pipes.Input.TryRead(out var read))
        {
            early = read.Buffer.ToArray();
            _pipes.Input.AdvanceTo(read.Buffer.End);
        }

        return new WebSocketWire(_transport, early);
    }

    public override void Abort(ConnectionAbortedException abortReason) => _transport.Abort();

    /// <summary>The last answer has been written, or the connection is broken: ends it in order, as far as it goes.</summary>
    public override async ValueTask DisposeAsync()
    {
        await _stream.EndWritesAsync();
        await _pipes.Output.CompleteAsync();
        await _transport.CloseAsync(TransportCloseStatus.Normal);
        await _transport.DisposeAsync();
        await _pipes.Input.CompleteAsync();
        await base.DisposeAsync();
    }

    private sealed record Pipes(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
