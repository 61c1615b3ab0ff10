using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Journals;

/// <summary>Writes the records of a journal's snapshot, one part after the other, so that no caller needs all of them at once.</summary>
/// <param name="target">What they go to; the caller commits it.</param>
internal sealed class SnapshotRecords(ILogSnapshot target)
{
    private const int BatchBytes = 256 << 10;

    private readonly LogBatch _batch = new();
    private readonly RecordWriter _writer = new();

    /// <summary>Comes first.</summary>
    /// <param name="version">Number of the last change that the snapshot has.</param>
    /// <param name="at">When that change was made, in Unix milliseconds.</param>
    public void Begin(long version, long at)
    {
        _writer.Byte(JournalRecord.FormatWithTime);
        _writer.Number((ulong)version);
        _writer.Signed(at);
        _batch.Add(JournalRecord.SnapshotHead, _writer.Written);
    }

    /// <returns>As <see cref="ILogSnapshot.AddAsync"/>.</returns>
    public ValueTask<LogReply> AddAsync(Action<RecordWriter> part)
    {
        _writer.Clear();
        _writer.Byte(JournalRecord.Format);
        part(_writer);
        _batch.Add(JournalRecord.SnapshotPart, _writer.Written);
        return _batch.Bytes < BatchBytes ? new(LogReply.Ok) : FlushAsync();
    }

    /// <summary>Hands over what is left.</summary>
    /// <returns>As <see cref="ILogSnapshot.AddAsync"/>.</returns>
    public async ValueTask<LogReply> FlushAsync()
    {
        if (_batch.Count == 0)
        {
            return LogReply.Ok;
        }

        var reply = await target.AddAsync(_batch).ConfigureAwait(false);
        _batch.Clear();
        return reply;
    }
}
