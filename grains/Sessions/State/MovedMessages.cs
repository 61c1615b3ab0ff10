using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>Messages that compaction appends to the write-ahead log again.</summary>
internal sealed class MovedMessages(SessionRecords records)
{
    /// <summary>Returns the message as an object, which its queue keeps; null if it waits no more, or has another place by now.</summary>
    public StoredMessage? Hold(MovedMessage moved) =>
        records.TryFind(moved.Key, out var record) && record.HasQueue && record.Queue.Find(moved.Number)?.Offset == moved.From
            ? record.Queue.Hold(moved.Number) : null;

    public void Replay(Moved change)
    {
        foreach (var moved in change.Messages)
        {
            Hold(moved)?.Move(moved.Body.Offset);
        }
    }
}
