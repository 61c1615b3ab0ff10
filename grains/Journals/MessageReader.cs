using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Journals;

/// <summary>
/// Reads messages by their places: those that stand close together with one read, others each alone. Few reads run at a time, so that
/// thousands of clients that come back at once take turns instead of memory.
/// </summary>
internal sealed class MessageReader(IWriteAheadLog log)
{
    private const int Readers = 2;
    private const int SmallPage = 8 << 10;
    private const int LargePage = 512 << 10;

    /// <summary>So many messages within so many records are worth a large page.</summary>
    private const int DenseMessages = 8;
    private const int DenseRecords = 256;

    private readonly SemaphoreSlim _turns = new(Readers);
    private readonly Stack<Pages> _pages = new([new Pages(), new Pages()]);

    public async ValueTask<JournalResult> ReadAsync(IReadOnlyList<long> offsets, byte[]?[] messages)
    {
        await _turns.WaitAsync().ConfigureAwait(false);
        var pages = Take();
        try
        {
            return await ReadAsync(new Wanted(offsets, messages), pages).ConfigureAwait(false);
        }
        finally
        {
            Give(pages);
            _turns.Release();
        }
    }

    private async ValueTask<JournalResult> ReadAsync(Wanted wanted, Pages pages)
    {
        while (wanted.Next is { } offset)
        {
            var page = wanted.IsDense ? pages.Large : pages.Small;
            var reply = await log.ReadAsync(offset, page).ConfigureAwait(false);
            if (reply.Result == LogResult.Failed)
            {
                return JournalResult.Failed;
            }

            if (reply.Result == LogResult.Ok)
            {
                wanted.Fill(page);
            }

            wanted.SkipTo(Math.Max(reply.NextOffset, offset + 1)); // what was not found on the way is damaged, or trimmed
        }
        return JournalResult.Ok;
    }

    private Pages Take()
    {
        lock (_pages)
        {
            return _pages.Pop();
        }
    }

    private void Give(Pages pages)
    {
        lock (_pages)
        {
            _pages.Push(pages);
        }
    }

    private sealed class Pages
    {
        private LogPage? _large;

        public LogPage Small { get; } = new(SmallPage);

        public LogPage Large => _large ??= new LogPage(LargePage);
    }

    /// <summary>What is still to be read, by place.</summary>
    private sealed class Wanted
    {
        private readonly byte[]?[] _messages;
        private readonly int[] _order;
        private readonly long[] _sorted;
        private int _at;

        public Wanted(IReadOnlyList<long> offsets, byte[]?[] messages)
        {
            _messages = messages;
            _sorted = [.. offsets];
            _order = [.. Enumerable.Range(0, _sorted.Length)];
            if (!IsAscending(_sorted)) // a queue is, unless messages have moved
            {
                Array.Sort(_sorted, _order);
            }
        }

        public long? Next => _at < _sorted.Length ? _sorted[_at] : null;

        public bool IsDense => _at + DenseMessages <= _sorted.Length && _sorted[_at + DenseMessages - 1] - _sorted[_at] < DenseRecords;

        public void Fill(LogPage page)
        {
            foreach (var record in page)
            {
                SkipTo(record.Offset);
                byte[]? message = null;
                // the same message may be wanted twice
                for (; Next == record.Offset && record.Type == JournalRecord.Message; _at++)
                {
                    _messages[_order[_at]] = message ??= record.Payload.ToArray();
                }

                if (Next is null)
                {
                    return;
                }
            }
        }

        private static bool IsAscending(long[] offsets)
        {
            for (var at = 1; at < offsets.Length; at++)
            {
                if (offsets[at - 1] > offsets[at])
                {
                    return false;
                }
            }

            return true;
        }

        public void SkipTo(long offset)
        {
            while (Next < offset)
            {
                _at++;
            }
        }
    }
}
