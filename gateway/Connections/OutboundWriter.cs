using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The one writer of a connection. The thread that wakes it drains the queue as long as the socket takes
/// everything at once; when it does not, the rest goes on when the socket is ready, and the thread is free.
/// </summary>
internal sealed class OutboundWriter(Connection connection, OutboundQueue queue, ConnectionEnvironment environment)
{
    private const int MostFrames = 256;
    private const int MostBytes = 64 * 1024;

    /// <summary>Batches that one waker writes before the pool takes over, so that a publisher is not captured by a busy subscriber.</summary>
    private const int MostBatches = 16;

    private const int Idle = 0, Draining = 1, DrainingAndWoken = 2;

    [ThreadStatic] private static OutboundFrame[]? _batch;

    private int _state;
    private long _blockedSince;
    private int _blockedBytes;
    private StallWatch? _stall;

    /// <summary>When the write under way began, on the wheel's clock; 0 while none is under way.</summary>
    public long BlockedSince => Volatile.Read(ref _blockedSince);

    /// <summary>Bytes of the write under way.</summary>
    public int BlockedBytes => Volatile.Read(ref _blockedBytes);

    public OutboundTopicAliases? Aliases { get; set; }

    /// <summary>Writes the queue; returns at once when another thread is writing it.</summary>
    public void Wake()
    {
        if (Interlocked.Exchange(ref _state, DrainingAndWoken) == Idle)
        {
            Drain();
        }
    }

    /// <summary>The connection has ended.</summary>
    public void StopStallWatch()
    {
        if (_stall is not null)
        {
            environment.Wheel.Cancel(_stall);
        }
    }

    private void Drain()
    {
        var batches = 0;
        do
        {
            Volatile.Write(ref _state, Draining);
            while (true)
            {
                connection.Session?.RefillFor(connection);
                var batch = _batch ??= new OutboundFrame[MostFrames];
                var count = queue.Take(batch, MostBytes, out var bytes);
                if (count == 0)
                {
                    break;
                }

                var buffer = ByteArrays.Rent(bytes);
                if (!TryEncode(batch.AsSpan(0, count), buffer, out var length))
                {
                    return; // the writer stays in its state: nothing is written to this connection again
                }

                var write = Write(buffer, length);
                if (!write.IsCompletedSuccessfully)
                {
                    Volatile.Write(ref _blockedBytes, length);
                    Volatile.Write(ref _blockedSince, Math.Max(1, environment.Wheel.Now));
                    (_stall ??= new StallWatch(connection, this, environment)).Arm();
                    _ = ContinueAsync(write, buffer);
                    return;
                }

                ByteArrays.Return(buffer);
                if (++batches == MostBatches)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(static writer => writer.Drain(), this, preferLocal: false);
                    return;
                }
            }
        }
        while (Interlocked.CompareExchange(ref _state, Idle, Draining) != Draining);

        if (queue.IsCompleted && queue.Count == 0)
        {
            connection.Ending.OnAllWritten();
        }
    }

    private ValueTask Write(byte[] buffer, int length)
    {
        if (length == 0)
        {
            return ValueTask.CompletedTask; // everything in the batch had expired
        }

        try
        {
            return connection.Transport.WriteAsync(buffer.AsMemory(0, length));
        }
        catch (Exception exception) // a transport may fail before its first await
        {
            return ValueTask.FromException(exception);
        }
    }

    private async Task ContinueAsync(ValueTask write, byte[] buffer)
    {
        try
        {
            await write.ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            // the writer stays in its state: nothing is written to a broken connection again
            connection.Ending.OnWriteFailed(exception);
            return;
        }

        ByteArrays.Return(buffer);
        Volatile.Write(ref _blockedSince, 0);
        Volatile.Write(ref _blockedBytes, 0);
        Drain();
    }

    /// <summary>A frame that cannot be encoded is our own fault and ends its connection, not the one whose thread woke the writer.</summary>
    private bool TryEncode(Span<OutboundFrame> batch, Span<byte> buffer, out int length)
    {
        try
        {
            length = Encode(batch, buffer);
            return true;
        }
        catch (Exception exception)
        {
            batch.Clear();
            length = 0;
            connection.Ending.OnEncodeFailed(exception);
            return false;
        }
    }

    /// <summary>Encodes up to the first null frame: that one ends the connection, those behind it are never looked at.</summary>
    private int Encode(Span<OutboundFrame> batch, Span<byte> buffer)
    {
        var length = 0;
        for (var i = 0; i < batch.Length; i++)
        {
            ref var frame = ref batch[i];
            if (frame.IsNull)
            {
                connection.Ending.OnNullFrame(i > 0 ? batch[i - 1].Type : default, batch.Length - i);
                break;
            }

            length += Encode(ref frame, buffer[length..]);
        }

        batch.Clear(); // the thread's batch must not keep messages alive
        return length;
    }

    private int Encode(ref OutboundFrame frame, Span<byte> target)
    {
        switch (frame.Kind)
        {
            case FrameKind.Ack:
                var first = (byte)(((byte)frame.Type << 4) | (frame.Type == PacketType.Pubrel ? 2 : 0)); // [MQTT-3.6.1-1]
                return AckBody.Write(target, first, connection.Client.Version, frame.PacketId, frame.Reason);
            case FrameKind.Packet:
                frame.Packet.CopyTo(target);
                return frame.Packet!.Length; // IsNull was false
            case var _ when !frame.Delivery.Duplicate && frame.Delivery.Message.IsExpired(connection.UnixNow): // [MQTT-3.3.2-5]
                connection.Session?.Expire(connection, frame.Delivery);
                return 0;
            default:
                return PublishEncoder.Write(target, frame.Delivery, connection.Client, connection.UnixNow, Aliases);
        }
    }
}
