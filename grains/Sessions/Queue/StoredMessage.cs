using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>
/// A message that waits, one object for all the queues of the shard that it waits in. Its bytes are in memory until the write-ahead log has
/// them; then only their place is. A journal in memory keeps the bytes here.
/// </summary>
internal sealed class StoredMessage
{
    private const long NotCommitted = -2;
    private const long InMemory = -1;

    // fields, and no captured parameter: that would keep the bytes
    public StoredMessage(MessageBody body)
    {
        (Bytes, Length, ExpiresAt) = (body.Bytes, body.Length, body.ExpiresAt);
        Offset = body.Offset >= 0 ? body.Offset : NotCommitted;
    }

    /// <summary>The message of a delivery that PUBREC has released: the client has it.</summary>
    public static StoredMessage Empty { get; } = new(new MessageBody([], 0, 0)) { Offset = InMemory };

    /// <summary>The message in the gateway's own encoding; null once it must be read from the write-ahead log.</summary>
    public byte[]? Bytes { get; private set; }

    public int Length { get; }

    /// <summary>Unix milliseconds after which it is no longer delivered; 0 = never.</summary>
    public long ExpiresAt { get; }

    /// <summary>The offset of its record in the write-ahead log; negative if it is in memory.</summary>
    public long Offset { get; private set; }

    /// <summary>Whether the journal has it for good.</summary>
    public bool IsCommitted => Offset != NotCommitted;

    /// <summary>Whether it waits in several queues.</summary>
    public bool IsShared { get; set; }

    public MessageBody Body => new(Bytes, Length, ExpiresAt, Offset);

    /// <summary>Notes that messages are committed one after the other.</summary>
    /// <param name="messages">The messages of one change, in order.</param>
    /// <param name="first">The offset of the first one's record; negative if the bytes stay in memory.</param>
    public static void Commit(StoredMessage[] messages, long first)
    {
        for (var at = 0; at < messages.Length; at++)
        {
            messages[at].Commit(first < 0 ? first : first + at);
        }
    }

    /// <summary>Notes that the message is committed.</summary>
    /// <param name="offset">The offset of its record; negative if the bytes stay in memory.</param>
    public void Commit(long offset)
    {
        Offset = Math.Max(offset, InMemory);
        if (offset >= 0)
        {
            Bytes = null;
        }
    }

    /// <summary>Notes that the write-ahead log has it at another place too, where it is read from now on.</summary>
    public void Move(long offset) => Offset = offset;

    public bool HasExpired(long now) => ExpiresAt != 0 && ExpiresAt <= now;
}
