using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// The way from this gateway to one shard, in one lane: entries gather in a batch while the batch before it is under way, so that a shard costs
/// O(1) calls per batch and keeps the order of entries (invariants I8, I12). Acknowledgements wait for entries: the commit that
/// <see cref="Add"/> returns completes when the shard has the entry, with the shard's answer.
/// </summary>
internal abstract class ShardLane<TEntry>(TimeProvider time) : ILane
{
    /// <summary>
    /// What goes to the shard at once. More may wait here: one read of each connection, which goes on reading when that is acknowledged.
    /// </summary>
    private const int BatchBytes = 4 * 1024 * 1024;

    private readonly Lock _lock = new();
    private readonly Queue<Batch> _full = new();
    private Batch _building = new();
    private Task _inFlight = Task.CompletedTask;
    private bool _isSending;
    private bool _isFlushingSoon;
    private int _announced;
    private TaskCompletionSource? _noneAnnounced;
    private long _sequence;

    /// <summary>
    /// Says that an entry is being made: a <see cref="DrainedAsync"/> that is asked for from now on waits until <see cref="AddAnnounced"/> has
    /// added it. Call it inside a lock that
    /// the caller of <see cref="DrainedAsync"/> has taken and released before.
    /// </summary>
    public void Announce()
    {
        lock (_lock)
        {
            _announced++;
        }
    }

    /// <summary>As <see cref="Add"/>, once after each <see cref="Announce"/>.</summary>
    public Task<SessionResult> AddAnnounced(TEntry entry, int length)
    {
        lock (_lock)
        {
            if (--_announced == 0)
            {
                _noneAnnounced?.SetResult();
                _noneAnnounced = null;
            }

            return Add(entry, length);
        }
    }

    /// <summary>Adds an entry to the batch that is being built and returns its commit; <see cref="Flush"/> sends it.</summary>
    public Task<SessionResult> Add(TEntry entry, int length)
    {
        lock (_lock)
        {
            if (_building.Bytes + length > BatchBytes && _building.Entries.Count > 0)
            {
                _full.Enqueue(_building);
                _building = new Batch();
            }

            _building.Entries.Add(entry);
            _building.Bytes += length;
            return _building.Commit.Task;
        }
    }

    /// <inheritdoc/>
    public void Flush()
    {
        lock (_lock)
        {
            if (_isSending || _building.Entries.Count == 0)
            {
                return;
            }

            _isSending = true;
        }

        _ = SendAllAsync();
    }

    /// <summary>As <see cref="Flush"/>, on another thread: for callers that hold a lock which the answer may need.</summary>
    public void FlushSoon()
    {
        if (!Interlocked.Exchange(ref _isFlushingSoon, true))
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                static lane =>
                {
                    Volatile.Write(ref lane._isFlushingSoon, false);
                    lane.Flush();
                },
                this,
                preferLocal: false);
        }
    }

    /// <summary>Completes when everything that was added or announced before the call has reached the shard.</summary>
    public async Task DrainedAsync()
    {
        Task added = Task.CompletedTask, last;
        lock (_lock)
        {
            if (_announced > 0)
            {
                added = (_noneAnnounced ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }

        await added.ConfigureAwait(false);
        lock (_lock)
        {
            last = _building.Entries.Count > 0 ? _building.Commit.Task : _inFlight;
        }

        Flush();
        await last.ConfigureAwait(false);
    }

    /// <summary>Makes one call with a batch. The same batch comes again under the same number until the shard has answered.</summary>
    protected abstract Task<SessionResult> SendAsync(TEntry[] entries, long sequence);

    /// <summary>The shard did not take the batch in time. <paramref name="exception"/> is that of the last attempt; null: the shard was busy.</summary>
    protected abstract void OnFailed(Exception? exception, TEntry[] entries);

    private async Task SendAllAsync()
    {
        while (TryTake(out var batch))
        {
            var result = await SendBatchAsync([.. batch.Entries], ++_sequence).ConfigureAwait(false);
            batch.Commit.SetResult(result);
        }
    }

    /// <summary>The same batch under the same sequence number until the shard answers: repeating it changes nothing there.</summary>
    private async Task<SessionResult> SendBatchAsync(TEntry[] entries, long sequence)
    {
        var attempts = new Attempts(time, Attempts.BatchTimeout);
        while (true)
        {
            Exception? failure = null;
            try
            {
                var result = await SendAsync(entries, sequence).WaitAsync(attempts.TimeLeft, time).ConfigureAwait(false);
                if (result != SessionResult.Busy)
                {
                    return result;
                }
            }
            catch (Exception exception) // expected: timeouts and silos that moved; anything else ends as Busy too, with its cause in the log
            {
                failure = exception;
            }

            if (attempts.AreOver)
            {
                OnFailed(failure, entries);
                return SessionResult.Busy;
            }

            await attempts.PauseAsync().ConfigureAwait(false);
        }
    }

    private bool TryTake(out Batch batch)
    {
        lock (_lock)
        {
            var isFull = _full.TryDequeue(out var full);
            batch = full ?? _building;
            _isSending = batch.Entries.Count > 0;
            if (_isSending)
            {
                _inFlight = batch.Commit.Task;
                _building = isFull ? _building : new Batch();
            }

            return _isSending;
        }
    }

    private sealed class Batch
    {
        public readonly List<TEntry> Entries = [];
        public readonly TaskCompletionSource<SessionResult> Commit = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public long Bytes;
    }
}
