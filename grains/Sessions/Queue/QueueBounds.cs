namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>Holds the bounds of each queue of a shard and of all together, and counts what waits in all of them.</summary>
/// <param name="messages">The most messages in one queue.</param>
/// <param name="bytes">The most bytes in one queue.</param>
/// <param name="maxTotalBytes">The most bytes in all queues.</param>
internal sealed class QueueBounds(int messages, long bytes, long maxTotalBytes)
{
    public int Messages => messages;

    public long Bytes => bytes;

    public long MaxTotalBytes => maxTotalBytes;

    public long TotalMessages { get; set; }

    public long TotalBytes { get; set; }
}
