namespace GrainMQ.Tests.Testing;

/// <summary>The only time limit in tests: long enough that reaching it means stuck, on any machine.</summary>
public static class Stuck
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task OrStuck(this Task task, string what) => task.WaitAsync(Limit).ContinueWith(
        waited => waited.Exception?.InnerException is TimeoutException ? throw new TimeoutException($"Stuck waiting for {what}.") : waited,
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
            throw new TimeoutException($"Stuck waiting for {what}.");
        }
    }

    /// <summary>Awaits <see cref="Quiescence"/>: with a clock that stands still, whatever could happen has happened.</summary>
    public static Task CalmAsync() => Quiescence.ReachedAsync();
}
