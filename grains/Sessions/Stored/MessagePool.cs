using GrainMQ.Grains.Storage;

namespace GrainMQ.Grains.Sessions.Stored;

/// <summary>Lets the queues of a snapshot share their messages again.</summary>
internal sealed class MessagePool
{
    private readonly Dictionary<long, StoredMessage> _byOffset = [];

    public static StoredMessage Inline(byte[] bytes, long expiresAt)
    {
        if (bytes.Length == 0 && expiresAt == 0)
            return StoredMessage.Empty;
        var message = new StoredMessage(new MessageBody(bytes, bytes.Length, expiresAt));
        message.Commit(-1);
        return message;
    }

    public StoredMessage At(long offset, int length, long expiresAt)
    {
        if (offset < 0)
            throw new InvalidDataException("A message has no place in the log.");
        if (!_byOffset.TryGetValue(offset, out var message))
            _byOffset.Add(offset, message = new StoredMessage(new MessageBody(null, length, expiresAt, offset)));
        return message;
    }
}
