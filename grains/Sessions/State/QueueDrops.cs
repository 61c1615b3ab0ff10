namespace GrainMQ.Grains.Sessions.State;

/// <summary>Counts the messages that are never delivered.</summary>
internal sealed class QueueDrops
{
    /// <summary>Called with the reason and the number of messages; null while a journal is replayed, when nothing is counted.</summary>
    public Action<QueueDropReason, int>? Counted { get; set; }

    public void Count(QueueDropReason reason, int messages)
    {
        if (messages > 0)
        {
            Counted?.Invoke(reason, messages);
        }
    }
}
