using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// The way from this gateway to one shard: entries gather in a batch while the batch before it is under way, so that a shard costs
/// O(1) calls per batch and keeps the order of entries (invariants I8, I12). Entries carry the promise of an acknowledgement: the
/// ticket that <see cref="Add"/> returns completes when the shard has the entry.
/// </summary>
internal abstract class ShardLane<TEntry>(TimeProvider time)
{
    /// <summary>
    /// What goes to the shard at once. More may wait here: one read of each connection, which goes on reading when that is acknowledged.
    /// </summary>
    private const int BatchBytes = 4 * 1024 * 1024;

    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan GiveUpAfter = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private Action? _flush;
    private readonly Queue<Batch> _full = new();
    private Batch _building = new();
    private bool _isSending;
    private bool _isFlushingSoon;
    private int _reserved;
    private TaskCompletionSource? _settled;
    private long _sequence;

    /// <summary><see cref="Flush"/>, made once.</summary>
    public Action Flushing => _flush ??= Flush;

    /// <summary>An entry is being made: whoever asks for <see cref="DrainedAsync"/> from now on waits for its <see cref="AddReserved"/>.</summary>
    public void Reserve()
    {
        lock (_lock)
        {
            _reserved++;
        }
    }

    /// <summary>As <see cref="Add"/>, after <see cref="Reserve"/>.</summary>
    public Task<SessionResult> AddReserved(TEntry entry, int length)
    {
        lock (_lock)
        {
            if (--_reserved == 0)
            {
                _settled?.SetResult();
                _settled = null;
            }

            return Add(entry, length);
        }
    }

    /// <summary>Adds an entry to the batch that is being built; <see cref="Flush"/> sets it off.</summary>
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
            return _building.Ticket.Task;
        }
    }

    /// <summary>Sends what has gathered, unless a batch is under way: then it goes with the next one.</summary>
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

    /// <summary>Completed when everything that was added before the call has reached the shard.</summary>
    public async Task DrainedAsync()
    {
        Task settled = Task.CompletedTask, last;
        lock (_lock)
        {
            if (_reserved > 0)
            {
                settled = (_settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
        }

        await settled.ConfigureAwait(false);
        lock (_lock)
        {
            last = _building.Entries.Count > 0 ? _building.Ticket.Task : _inFlight;
        }

        Flush();
        await last.ConfigureAwait(false);
    }

    private Task _inFlight = Task.CompletedTask;

    protected abstract Task<SessionResult> SendAsync(TEntry[] entries, long sequence);

    protected abstract void OnFailed(Exception? exception, TEntry[] entries);

    private async Task SendAllAsync()
    {
        while (TryTake(out var batch))
        {
            var result = await SendBatchAsync([.. batch.Entries], ++_sequence).ConfigureAwait(false);
            batch.Ticket.SetResult(result);
        }
    }

    /// <summary>The same batch under the same sequence number until the shard answers: repeating it changes nothing there.</summary>
    private async Task<SessionResult> SendBatchAsync(TEntry[] entries, long sequence)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            Exception? failure = null;
            try
            {
                var result = await SendAsync(entries, sequence).WaitAsync(CallTimeout, time).ConfigureAwait(false);
                if (result != SessionResult.Busy)
                {
                    return result;
                }
            }
            catch (Exception exception) // expected: timeouts and silos that moved; anything else ends as Busy too, with its cause in the log
            {
                failure = exception;
            }

            if (time.GetElapsedTime(start) > GiveUpAfter)
            {
                OnFailed(failure, entries);
                return SessionResult.Busy;
            }

            await Task.Delay(RetryDelay, time).ConfigureAwait(false);
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
                _inFlight = batch.Ticket.Task;
                _building = isFull ? _building : new Batch();
            }

            return _isSending;
        }
    }

    private sealed class Batch
    {
        public readonly List<TEntry> Entries = [];
        public readonly TaskCompletionSource<SessionResult> Ticket = new(TaskCreationOptions.RunContinuationsAsynchronously);
        public long Bytes;
    }
}
