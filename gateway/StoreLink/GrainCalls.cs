using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// Calls to grains that may be made again with the same outcome: while a shard moves they fail at once, and a moment later
/// they succeed. A client waits 5 seconds for an answer; within them a call is repeated.
/// </summary>
internal sealed class GrainCalls(TimeProvider time) : IDisposable
{
    /// <summary>How long a client is kept waiting.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RepeatEvery = TimeSpan.FromSeconds(1);

    private readonly CancellationTokenSource _ending = new();

    /// <summary>
    /// The answer; <see cref="SessionResult.Busy"/>, or the exception of the last attempt, when there was none in time: then nobody knows
    /// whether the call had its effect.
    /// </summary>
    public Task<SessionResult> CallAsync(Func<Task<SessionResult>> call) => CallAsync(call, static result => result);

    /// <inheritdoc cref="CallAsync(Func{Task{SessionResult}})"/>
    /// <param name="call">The call.</param>
    /// <param name="resultOf">What its answer says.</param>
    /// <param name="givingWay">The answer is not waited for any longer: the call ends with this cancellation.</param>
    public async Task<T> CallAsync<T>(Func<Task<T>> call, Func<T, SessionResult> resultOf, CancellationToken givingWay = default)
    {
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                var reply = await call().WaitAsync(Timeout - time.GetElapsedTime(start), time, givingWay).ConfigureAwait(false);
                if (resultOf(reply) != SessionResult.Busy || IsLate(start))
                {
                    return reply;
                }
            }
            catch (Exception) when (!IsLate(start) && !givingWay.IsCancellationRequested)
            {
                // expected: a silo that was lost, a grain that ends; the next attempt finds the new one
            }

            await Task.Delay(RetryDelay, time, givingWay).ConfigureAwait(false);
        }
    }

    /// <summary>Makes an attempt every second until one succeeds or the gateway is gone.</summary>
    public async Task RepeatAsync(Func<Task<bool>> attempt)
    {
        try
        {
            do
            {
                await Task.Delay(RepeatEvery, time, _ending.Token).ConfigureAwait(false);
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

    private bool IsLate(long start) => time.GetElapsedTime(start) + RetryDelay >= Timeout;
}
