using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// A message that waits, once for all the queues of the shard that it waits in. Its bytes are in memory until they are in the log, where
/// the shard's journal is one; then only their place is.
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

    /// <summary>What a delivery that PUBREC has released still needs.</summary>
    public static StoredMessage Empty { get; } = new(new MessageBody([], 0, 0)) { Offset = InMemory };

    /// <summary>Null once it is to be read from the log.</summary>
    public byte[]? Bytes { get; private set; }

    public int Length { get; }

    /// <summary>Unix milliseconds; 0 = never.</summary>
    public long ExpiresAt { get; }

    /// <summary>Its record in the log; negative: it is in memory.</summary>
    public long Offset { get; private set; }

    /// <summary>Stored for good, in the way of the journal.</summary>
    public bool IsCommitted => Offset != NotCommitted;

    /// <summary>Waits in several queues.</summary>
    public bool IsShared { get; set; }

    public MessageBody Body => new(Bytes, Length, ExpiresAt, Offset);

    /// <param name="offset">Where the log has it; negative: the journal keeps objects, and these bytes with them.</param>
    public void Commit(long offset)
    {
        Offset = Math.Max(offset, InMemory);
        if (offset >= 0)
        {
            Bytes = null;
        }
    }

    /// <summary>The log has it at another place, too, where it is read from now on.</summary>
    public void Move(long offset) => Offset = offset;

    public bool HasExpired(long now) => ExpiresAt != 0 && ExpiresAt <= now;
}
