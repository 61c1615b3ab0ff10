namespace GrainMQ.Gateway.Security;

/// <summary>
/// Runs what costs a processor for a millisecond or more, a few at once and away from the sockets: a storm of CONNECTs waits, the traffic
/// of those who are in does not. Whoever has waited too long is told so, because nobody waits for the answer any more.
/// </summary>
internal sealed class PasswordChecks(int atOnce, TimeSpan patience, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(atOnce);

    /// <summary>Null when there was no turn in time.</summary>
    public async Task<bool?> RunAsync(Func<bool> check)
    {
        if (!await TryTakeTurnAsync().ConfigureAwait(false))
        {
            return null;
        }

        try
        {
            return await Task.Run(check).ConfigureAwait(false);
        }
        finally
        {
            _turns.Release();
        }
    }

    public void Dispose() => _turns.Dispose();

    private async ValueTask<bool> TryTakeTurnAsync()
    {
        if (_turns.Wait(0))
        {
            return true;
        }

        using var timeout = new CancellationTokenSource(patience, time);
        try
        {
            await _turns.WaitAsync(timeout.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }
}
