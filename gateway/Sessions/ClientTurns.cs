using System.Diagnostics.CodeAnalysis;

namespace GrainMQ.Gateway.Sessions;

/// <summary>
/// One turn at a time per client identifier: opening, taking over, closing, and changing the subscriptions of one session never overlap on
/// this gateway. Between gateways the epochs decide. A turn is never taken inside a turn of the same client: it would wait for itself.
/// </summary>
/// <remarks>
/// A CONNECT does not wait until a SUBSCRIBE of the connection that it takes over has given up: it is urgent, and what waits for an answer in its turn
/// watches <see cref="Turn.GivingWay"/>, lets go and waits again behind it. What the store has of it by then belongs to the session that the
/// CONNECT gets, and what comes later is fenced.
/// </remarks>
internal sealed class ClientTurns(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Line?> _taken = [];

    /// <summary>Waits for the turn, however long that takes.</summary>
    public async ValueTask<Turn> TakeAsync(string key)
    {
        if (!TryTake(key, isUrgent: false, out var wait))
        {
            await wait.Task.ConfigureAwait(false);
        }

        return new Turn(this, key);
    }

    /// <summary>Waits for the turn; null when it did not come in time.</summary>
    public async ValueTask<Turn?> TryTakeAsync(string key, TimeSpan timeout, bool isUrgent = false)
    {
        if (!TryTake(key, isUrgent, out var wait))
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

    private bool TryTake(string key, bool isUrgent, [NotNullWhen(false)] out TaskCompletionSource? wait)
    {
        CancellationTokenSource? giving;
        lock (_lock)
        {
            wait = null;
            if (_taken.TryAdd(key, null))
            {
                return true;
            }

            wait = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var line = _taken[key] ??= new Line();
            line.Waiting.Enqueue((wait, isUrgent));
            giving = isUrgent ? line.Giving : null;
        }

        _ = giving?.CancelAsync(); // on another thread: this one may not run what another connection does then
        return false;
    }

    private void Release(string key)
    {
        lock (_lock)
        {
            var line = _taken[key];
            while (line is { Waiting.Count: > 0 })
            {
                if (line.Waiting.Dequeue().Turn.TrySetResult())
                {
                    line.Giving = null; // the next holder's is another one
                    return;
                }
            }

            _taken.Remove(key); // those that waited gave up
        }
    }

    private CancellationToken GivingWay(string key)
    {
        lock (_lock)
        {
            var line = _taken[key] ??= new Line();
            line.Giving ??= new CancellationTokenSource();
            if (line.Waiting.Any(static waiting => waiting.IsUrgent && !waiting.Turn.Task.IsCompleted))
            {
                line.Giving.Cancel(); // it is new: nothing is registered that would run here
            }

            return line.Giving.Token;
        }
    }

    /// <summary>Dispose ends the turn.</summary>
    internal readonly struct Turn(ClientTurns turns, string key) : IDisposable
    {
        /// <summary>Cancelled when something urgent waits for this turn. Ask once.</summary>
        public CancellationToken GivingWay => turns.GivingWay(key);

        public void Dispose() => turns.Release(key);
    }

    /// <summary>Who waits for a turn, and how its holder is told of it.</summary>
    private sealed class Line
    {
        public Queue<(TaskCompletionSource Turn, bool IsUrgent)> Waiting { get; } = [];

        public CancellationTokenSource? Giving { get; set; }
    }
}
