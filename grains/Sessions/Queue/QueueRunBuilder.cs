namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>Makes runs of messages that come in the order of their numbers.</summary>
/// <param name="expected">How many messages come at most.</param>
internal sealed class QueueRunBuilder(int expected)
{
    private readonly List<QueueRun> _runs = [];
    private QueueChunk? _chunk;
    private int _left = expected;

    public void Add(in QueueItem item)
    {
        if (_chunk is null || !_chunk.CanAdd(item.Number))
        {
            Close();
            _chunk = new QueueChunk(item.Number, Math.Clamp(_left, 1, QueueChunk.Largest));
        }
        _chunk.Add(item);
        _left--;
    }

    public QueueRun[] End()
    {
        Close();
        return [.. _runs];
    }

    private void Close()
    {
        if (_chunk is not null)
        {
            _runs.Add(_chunk.Show());
        }

        _chunk = null;
    }
}
