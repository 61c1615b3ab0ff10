using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Sessions.Compaction;

/// <summary>
/// Goes through the queues of sessions in parts, one part in each turn of the grain; the queues change between the turns. A message that is in
/// its queue from the first part to the last is met: it moves only from those that wait to those in front, and the front comes last, as a
/// whole, because Receive Maximum bounds it. A queue that ended meanwhile is empty.
/// </summary>
/// <param name="records">The sessions.</param>
/// <param name="most">How many sessions and messages a part looks at.</param>
internal sealed class QueueWalk(IReadOnlyList<SessionRecord> records, int most)
{
    private int _at;
    private long _number;

    /// <summary>Whether every session has been looked at.</summary>
    public bool IsOver => _at == records.Count;

    /// <summary>The next part. A caller that leaves it early meets the session's next message in the part after it, and those in front again.</summary>
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
