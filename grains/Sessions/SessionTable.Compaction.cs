namespace GrainMQ.Grains.Sessions;

/// <content>Messages that keep old segments on the disk.</content>
internal sealed partial class SessionTable
{
    /// <summary>The sessions that are there now.</summary>
    public SessionRecord[] All => [.. _records.Values];

    /// <summary>The message's object; null when it waits no more, or stands elsewhere by now.</summary>
    public StoredMessage? Hold(MovedMessage moved) =>
        _records.TryGetValue(moved.Key, out var record) && record.HasQueue && record.Queue.Find(moved.Number)?.Offset == moved.From
            ? record.Queue.Hold(moved.Number) : null;

    internal void Replay(Moved change)
    {
        foreach (var moved in change.Messages)
        {
            Hold(moved)?.Move(moved.Body.Offset);
        }
    }
}
