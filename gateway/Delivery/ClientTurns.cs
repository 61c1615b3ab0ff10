using System.Diagnostics.CodeAnalysis;

namespace GrainMQ.Gateway.Delivery;

/// <summary>
/// One turn at a time per client identifier: opening, taking over and closing of one session never overlap on this gateway. Between
/// gateways the epochs decide.
/// </summary>
internal sealed class ClientTurns(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<TaskCompletionSource>?> _taken = [];

    /// <summary>Waits for the turn, however long that takes.</summary>
    public async ValueTask<Turn> TakeAsync(string key)
    {
        if (!TryTake(key, out var wait))
        {
            await wait.Task.ConfigureAwait(false);
        }

        return new Turn(this, key);
    }

    /// <summary>Waits for the turn; null when it was not to be had in time.</summary>
    public async ValueTask<Turn?> TryTakeAsync(string key, TimeSpan timeout)
    {
        if (!TryTake(key, out var wait))
        {
            try
            {
                await wait.Task.WaitAsync(timeout, time).ConfigureAwait(false);
            }
            catch (TimeoutException) when (wait.TrySetCanceled())
            {
                return null;
            }
            catch (TimeoutException)
            {
                // the turn came in the same moment
            }
        }

        return new Turn(this, key);
    }

    private bool TryTake(string key, [NotNullWhen(false)] out TaskCompletionSource? wait)
    {
        lock (_lock)
        {
            wait = null;
            if (_taken.TryAdd(key, null))
            {
                return true;
            }

            wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (_taken[key] ??= []).Enqueue(wait);
            return false;
        }
    }

    private void Release(string key)
    {
        lock (_lock)
        {
            while (_taken[key] is { Count: > 0 } waiting)
            {
                if (waiting.Dequeue().TrySetResult())
                {
                    return; // false: it gave up
                }
            }

            _taken.Remove(key);
        }
    }

    /// <summary>Dispose ends the turn.</summary>
    internal readonly struct Turn(ClientTurns turns, string key) : IDisposable
    {
        public void Dispose() => turns.Release(key);
    }
}
