namespace GrainMQ.Gateway.Delivery;

/// <summary>
/// One turn at a time per client identifier: opening, taking over and closing of one session never overlap on this gateway. Between
/// gateways the epochs decide.
/// </summary>
internal sealed class ClientTurns
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Queue<TaskCompletionSource>?> _taken = [];

    public async ValueTask<Turn> TakeAsync(string key)
    {
        TaskCompletionSource? wait = null;
        lock (_lock)
        {
            if (!_taken.TryAdd(key, null))
            {
                wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                (_taken[key] ??= []).Enqueue(wait);
            }
        }

        if (wait is not null)
        {
            await wait.Task.ConfigureAwait(false);
        }

        return new Turn(this, key);
    }

    private void Release(string key)
    {
        lock (_lock)
        {
            if (_taken[key] is { Count: > 0 } waiting)
            {
                waiting.Dequeue().SetResult();
            }
            else
            {
                _taken.Remove(key);
            }
        }
    }

    /// <summary>Dispose ends the turn.</summary>
    internal readonly struct Turn(ClientTurns turns, string key) : IDisposable
    {
        public void Dispose() => turns.Release(key);
    }
}
