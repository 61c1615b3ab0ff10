using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>Calls to grains that a client waits for: repeated while it waits, for 5 seconds at most.</summary>
internal sealed class GrainCalls(TimeProvider time) : IDisposable
{
    private readonly CancellationTokenSource _ending = new();

    /// <summary>
    /// Returns the answer; <see cref="SessionResult.Busy"/>, or the exception of the last attempt, when there was none in time. Then it is not
    /// known whether the call had its effect.
    /// </summary>
    public Task<SessionResult> CallAsync(Func<Task<SessionResult>> call) => CallAsync(call, static result => result);

    /// <inheritdoc cref="CallAsync(Func{Task{SessionResult}})"/>
    /// <param name="call">Makes one attempt.</param>
    /// <param name="resultOf">Reads the result from an answer.</param>
    /// <param name="givingWay">Ends the call, with this cancellation, before its time.</param>
    public async Task<T> CallAsync<T>(Func<Task<T>> call, Func<T, SessionResult> resultOf, CancellationToken givingWay = default)
    {
        var attempts = new Attempts(time, Attempts.Timeout);
        while (true)
        {
            try
            {
                var reply = await call().WaitAsync(attempts.TimeLeft, time, givingWay).ConfigureAwait(false);
                if (resultOf(reply) != SessionResult.Busy || attempts.AreOver)
                {
                    return reply;
                }
            }
            catch (Exception) when (!attempts.AreOver)
            {
                // expected: a silo that was lost, a grain that ends; the next attempt finds the new one. A call that gives way ends in the pause.
            }

            await attempts.PauseAsync(givingWay).ConfigureAwait(false);
        }
    }

    /// <summary>Makes an attempt every second until one succeeds or the gateway stops.</summary>
    public async Task RepeatAsync(Func<Task<bool>> attempt)
    {
        try
        {
            do
            {
                await Task.Delay(Attempts.LongPause, time, _ending.Token).ConfigureAwait(false);
            }
            while (!await attempt().ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // the lease of this gateway runs out, and the store takes its sessions for detached
        }
    }

    public void Dispose()
    {
        _ending.Cancel();
        _ending.Dispose();
    }
}
