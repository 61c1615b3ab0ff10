using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>
/// A message as a queue knows it: an object, which other queues may share, or only its place in the write-ahead log, once the log has it and
/// no other queue does. Millions of messages that wait for long are no objects.
/// </summary>
internal readonly record struct MessageRef
{
    /// <summary>Longer messages stay objects. No version of MQTT can bring them: a packet has at most 256 MB.</summary>
    public const int LongestPlain = (1 << 29) - 1;

    private readonly long _offset;
    private readonly int _length;

    public MessageRef(StoredMessage message) => Object = message;

    /// <summary>A message without expiry that the write-ahead log has.</summary>
    public MessageRef(long offset, int length) => (_offset, _length) = (offset, length);

    /// <summary>The object; null if the place is enough.</summary>
    public StoredMessage? Object { get; }

    /// <summary>The message's bytes; null if they must be read from the write-ahead log.</summary>
    public byte[]? Bytes => Object?.Bytes;

    public int Length => Object?.Length ?? _length;

    /// <summary>Unix milliseconds after which it is no longer delivered; 0 = never.</summary>
    public long ExpiresAt => Object?.ExpiresAt ?? 0;

    /// <summary>The offset of its record in the write-ahead log; negative if it is in memory.</summary>
    public long Offset => Object?.Offset ?? _offset;

    /// <summary>Whether the journal has it for good.</summary>
    public bool IsCommitted => Object?.IsCommitted ?? true;

    public MessageBody Body => Object?.Body ?? new MessageBody(null, _length, 0, _offset);

    public static implicit operator MessageRef(StoredMessage message) => new(message);

    /// <summary>Makes a message that is stored: in the write-ahead log, or with its bytes.</summary>
    /// <param name="body">The message.</param>
    /// <param name="isShared">Whether it waits in several queues, and moves in all of them at once.</param>
    public static MessageRef Stored(MessageBody body, bool isShared = false)
    {
        if (!isShared && CanBePlain(body))
        {
            return new MessageRef(body.Offset, body.Length);
        }

        var message = new StoredMessage(body) { IsShared = isShared };
        message.Commit(body.Offset);
        return message;
    }

    /// <summary>Returns the same message without the object, if the place is enough.</summary>
    public MessageRef Plain() => Object is { IsShared: false, IsCommitted: true, Body: var body } && CanBePlain(body)
        ? new MessageRef(body.Offset, body.Length) : this;

    public StoredMessage ToObject() => Object ?? new StoredMessage(Body);

    public bool HasExpired(long now) => Object?.HasExpired(now) ?? false;

    private static bool CanBePlain(MessageBody body) => body is { Offset: >= 0, ExpiresAt: 0, Length: <= LongestPlain };
}
