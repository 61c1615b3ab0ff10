namespace GrainMQ.Tests.Testing;

/// <summary>
/// The only time limit in tests: long enough that reaching it means stuck, on any machine. After the first time the run has failed, and
/// the waits that follow are shorter, so that one fault behind many tests does not cost a minute for each.
/// </summary>
public static class Stuck
{
    private static readonly TimeSpan LimitAtFirst = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan LimitAfterwards = TimeSpan.FromSeconds(15);

    private static volatile bool _hasFailed;

    private static TimeSpan Limit => _hasFailed ? LimitAfterwards : LimitAtFirst;

    public static Task OrStuck(this Task task, string what) => task.WaitAsync(Limit).ContinueWith(
        waited => waited.Exception?.InnerException is TimeoutException ? throw Failure(what) : waited,
        TaskScheduler.Default).Unwrap();

    public static async Task<T> OrStuck<T>(this Task<T> task, string what)
    {
        await ((Task)task).OrStuck(what);
        return await task;
    }

    /// <summary>Awaits a condition that no event announces, by asking again on the pool.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        var start = Environment.TickCount64;
        while (!condition())
        {
            Check(start, what);
            await Task.Yield();
        }
    }

    /// <summary>Throws when the limit has passed since <paramref name="start"/>, a value of <see cref="Environment.TickCount64"/>.</summary>
    public static void Check(long start, string what)
    {
        if (Environment.TickCount64 - start > Limit.TotalMilliseconds)
        {
            throw Failure(what);
        }
    }

    private static TimeoutException Failure(string what)
    {
        _hasFailed = true;
        return new TimeoutException($"Stuck waiting for {what}.");
    }

    /// <summary>Awaits <see cref="Quiescence"/>: with a clock that stands still, whatever could happen has happened.</summary>
    public static Task CalmAsync() => Quiescence.ReachedAsync();
}
