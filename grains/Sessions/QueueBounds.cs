namespace GrainMQ.Grains.Sessions;

/// <summary>The bounds of each queue of a shard and of all together, and what waits in all of them.</summary>
/// <param name="messages">Most messages in one queue.</param>
/// <param name="bytes">Most bytes in one queue.</param>
/// <param name="maxTotalBytes">Most bytes in all queues.</param>
internal sealed class QueueBounds(int messages, long bytes, long maxTotalBytes)
{
    public int Messages => messages;

    public long Bytes => bytes;

    public long MaxTotalBytes => maxTotalBytes;

    public long TotalMessages { get; set; }

    public long TotalBytes { get; set; }
}
