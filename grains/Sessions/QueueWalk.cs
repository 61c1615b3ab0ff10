namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Goes through the queues of sessions in parts, one in a turn of the grain; between the turns they change. A message that waits all the
/// while is met, for it goes only from those that wait to those in front, and the front comes last, as a whole: Receive Maximum bounds it.
/// A queue that ended meanwhile is empty.
/// </summary>
/// <param name="records">The sessions.</param>
/// <param name="most">Sessions and messages that a part looks at.</param>
internal sealed class QueueWalk(IReadOnlyList<SessionRecord> records, int most)
{
    private int _at;
    private long _number;

    public bool IsOver => _at == records.Count;

    /// <summary>The next part. Who leaves it early meets the next message of the session with the part after it, and those in front anew.</summary>
    public IEnumerable<(SessionRecord Session, QueueItem Item)> Part()
    {
        for (var left = most; !IsOver && left > 0; left--)
        {
            var record = records[_at];
            foreach (var item in record.HasQueue ? record.Queue.From(_number) : [])
            {
                if (left-- == 0)
                {
                    yield break;
                }

                _number = item.Number + 1;
                yield return (record, item);
            }
            foreach (var item in record.HasQueue ? record.Queue.Front : [])
            {
                left--;
                yield return (record, item);
            }
            (_at, _number) = (_at + 1, 0);
        }
    }
}
