using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// A message as a queue knows it: an object, which other queues may share, or only its place in the log, once that has it and no other
/// queue does. Millions that wait for long are no objects.
/// </summary>
internal readonly record struct MessageRef
{
    /// <summary>Longer ones, which no version of MQTT can bring, stay objects.</summary>
    public const int LongestPlain = (1 << 29) - 1;

    private readonly long _offset;
    private readonly int _length;

    public MessageRef(StoredMessage message) => Object = message;

    /// <summary>One without expiry that the log has.</summary>
    public MessageRef(long offset, int length) => (_offset, _length) = (offset, length);

    /// <summary>Null: nobody needs one.</summary>
    public StoredMessage? Object { get; }

    /// <summary>Null when it is to be read from the log.</summary>
    public byte[]? Bytes => Object?.Bytes;

    public int Length => Object?.Length ?? _length;

    /// <summary>Unix milliseconds; 0 = never.</summary>
    public long ExpiresAt => Object?.ExpiresAt ?? 0;

    /// <summary>Its record in the log; negative: it is in memory.</summary>
    public long Offset => Object?.Offset ?? _offset;

    /// <summary>Stored for good, in the way of the journal.</summary>
    public bool IsCommitted => Object?.IsCommitted ?? true;

    public MessageBody Body => Object?.Body ?? new MessageBody(null, _length, 0, _offset);

    public static implicit operator MessageRef(StoredMessage message) => new(message);

    /// <summary>One that is stored: in the log, or with its bytes.</summary>
    /// <param name="body">The message.</param>
    /// <param name="isShared">It waits in several queues, and moves in all of them at once.</param>
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

    /// <summary>The same without the object, if that can be.</summary>
    public MessageRef Plain() => Object is { IsShared: false, IsCommitted: true, Body: var body } && CanBePlain(body)
        ? new MessageRef(body.Offset, body.Length) : this;

    public StoredMessage ToObject() => Object ?? new StoredMessage(Body);

    public bool HasExpired(long now) => Object?.HasExpired(now) ?? false;

    private static bool CanBePlain(MessageBody body) => body is { Offset: >= 0, ExpiresAt: 0, Length: <= LongestPlain };
}
