namespace GrainMQ.Tests.Testing;

/// <summary>
/// The state in which nothing happens any more until a test does something: no work waits for a thread of the pool and none runs on
/// one. Everything in the broker runs on the pool and its only clock is the test's, so this is an end, not a guess at one. The state
/// is the process's: tests that wait for it do not run in parallel, and nothing may hold a thread of the pool while a test runs (the
/// runner's <c>--long-running</c> option does).
/// </summary>
public static class Quiescence
{
    /// <summary>Between two looks a thread may have been on its way from one work item to the next.</summary>
    private const int QuietLooks = 3;

    /// <summary>Waits on a thread of its own, because one of the pool would see itself at work.</summary>
    public static Task ReachedAsync() =>
        Task.Factory.StartNew(Wait, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).OrStuck("quiescence");

    private static void Wait()
    {
        var spin = new SpinWait();
        for (var quiet = 0; quiet < QuietLooks; spin.SpinOnce())
        {
            quiet = IsQuiet() ? quiet + 1 : 0;
        }
    }

    private static bool IsQuiet()
    {
        ThreadPool.GetMaxThreads(out var maximum, out _);
        ThreadPool.GetAvailableThreads(out var available, out _);
        return ThreadPool.PendingWorkItemCount == 0 && available == maximum;
    }
}
