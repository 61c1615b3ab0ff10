using System.Threading.RateLimiting;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// Runs checks that cost a processor a millisecond or more, a few at once and away from the sockets: a storm of CONNECTs waits, the traffic of
/// connected clients does not. A check that has waited too long is refused, because its client has given up by then.
/// </summary>
/// <param name="atOnce">Checks that run at the same time.</param>
/// <param name="patience">Longest wait for a turn.</param>
internal sealed class PasswordChecks(int atOnce, TimeSpan patience, TimeProvider time) : IDisposable
{
    private readonly ConcurrencyLimiter _limiter = new(new()
    {
        PermitLimit = atOnce,
        QueueLimit = (int)Math.Min(int.MaxValue, atOnce * patience.TotalMilliseconds), // at a millisecond each, further ones would wait too long
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    /// <summary>Runs a check; null when there was no turn in time.</summary>
    public async Task<bool?> RunAsync(Func<bool> check)
    {
        using var turn = await TakeTurnAsync().ConfigureAwait(false);
        return turn is { IsAcquired: true } ? await Task.Run(check).ConfigureAwait(false) : null;
    }

    public void Dispose() => _limiter.Dispose();

    private async ValueTask<RateLimitLease?> TakeTurnAsync()
    {
        if (_limiter.AttemptAcquire() is { IsAcquired: true } free)
        {
            return free;
        }

        using var timeout = new CancellationTokenSource(patience, time);
        try
        {
            return await _limiter.AcquireAsync(cancellationToken: timeout.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }
}
