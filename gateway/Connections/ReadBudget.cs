namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Bounds what all connections together hold of packets that are not complete. A connection that finds it used up reads no more until others
/// have given back, so that its client waits; its first 2 KiB cost nothing here. Safe from any thread.
/// </summary>
/// <param name="limit">Bytes; at least four times what one connection takes at once.</param>
internal sealed class ReadBudget(long limit)
{
    private long _used;
    private TaskCompletionSource? _freed;

    public long Limit => limit;

    /// <summary>Bytes that are taken.</summary>
    public long Used => Volatile.Read(ref _used);

    /// <summary>Whether connections wait.</summary>
    public bool IsAwaited => Volatile.Read(ref _freed) is not null;

    /// <summary>Where readers go on: one that found nothing left waits until a quarter is free, so that not every return wakes all of them.</summary>
    private long Enough => limit / 4 * 3;

    /// <returns>False: not so much is left, and nothing was taken.</returns>
    public bool TryTake(int bytes)
    {
        if (Interlocked.Add(ref _used, bytes) <= limit)
        {
            return true;
        }

        Return(bytes);
        return false;
    }

    public void Return(int bytes)
    {
        if (Interlocked.Add(ref _used, -bytes) <= Enough && IsAwaited)
        {
            Interlocked.Exchange(ref _freed, null)?.TrySetResult();
        }
    }

    /// <summary>Completes when it is worth trying again.</summary>
    public Task FreedAsync()
    {
        var mine = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var freed = Interlocked.CompareExchange(ref _freed, mine, null) ?? mine;
        Return(0); // what was returned before the line above woke no reader
        return freed.Task;
    }
}
