namespace GrainMQ.Grains.Sessions;

/// <content>Messages that keep old segments on the disk.</content>
internal sealed partial class SessionTable
{
    /// <summary>The sessions that are there now.</summary>
    public SessionRecord[] All => [.. _records.Values];

    /// <summary>Null when it waits no more, or stands elsewhere by now.</summary>
    public StoredMessage? Find(MovedMessage moved) =>
        _records.TryGetValue(moved.Key, out var record) && record.HasQueue && record.Queue.Find(moved.Number) is { } message
        && message.Offset == moved.From ? message : null;

    internal void Replay(Moved change)
    {
        foreach (var moved in change.Messages)
            Find(moved)?.Move(moved.Body.Offset);
    }
}
