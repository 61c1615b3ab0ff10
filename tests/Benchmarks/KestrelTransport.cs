using System.IO.Pipelines;
using System.Net;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Transports;
using Microsoft.AspNetCore.Connections;

namespace GrainMQ.Tests.Benchmarks;

/// <summary>
/// TCP on Kestrel's connection handler instead of our own accept loop, to measure one against the other:
/// <c>kestrel.Listen(endPoint, listen => listen.Run(connection => KestrelTransport.ServeAsync(connection, handler)))</c>.
/// </summary>
public sealed class KestrelTransport(ConnectionContext connection) : Transport
{
    private readonly PipeReader _input = connection.Transport.Input;
    private readonly PipeWriter _output = connection.Transport.Output;

    public override TransportKind Kind => TransportKind.Tcp;

    public override EndPoint? RemoteEndPoint => connection.RemoteEndPoint;

    public override string Listener => "kestrel";

    public static async Task ServeAsync(ConnectionContext connection, IConnectionHandler handler)
    {
        await using var transport = new KestrelTransport(connection);
        await handler.HandleAsync(transport);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer)
    {
        var result = await _input.ReadAsync();
        var available = result.Buffer;
        var count = (int)Math.Min(available.Length, buffer.Length);
        var consumed = available.GetPosition(count);
        CopyTo(available.Slice(0, count), buffer.Span);
        _input.AdvanceTo(consumed); // examined = consumed: the rest is found at once by the next read
        return count;
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
    {
        var result = await _output.WriteAsync(buffer);
        if (result.IsCompleted || result.IsCanceled)
        {
            throw new IOException("The connection is gone.");
        }
    }

    public override async ValueTask CloseAsync(TransportCloseStatus status)
    {
        await _output.CompleteAsync();
        await _input.CompleteAsync();
    }

    public override void Abort() => connection.Abort();

    private static void CopyTo(System.Buffers.ReadOnlySequence<byte> source, Span<byte> target)
    {
        foreach (var segment in source)
        {
            segment.Span.CopyTo(target);
            target = target[segment.Length..];
        }
    }
}
