namespace GrainMQ.Tests.Testing;

/// <summary>
/// The state in which nothing happens any more until a test does something: no work waits for a thread of the pool and none runs on
/// one. Everything in the broker runs on the pool and its only clock is the test's, so this is an end, not a guess at one. The state
/// is the process's: tests that wait for it do not run in parallel.
/// </summary>
public static class Quiescence
{
    /// <summary>Between two looks a thread may have been on its way from one work item to the next.</summary>
    private const int QuietLooks = 3;

    /// <summary>Waits on a thread of its own, because one of the pool would see itself at work.</summary>
    public static Task ReachedAsync() =>
        Task.Factory.StartNew(Wait, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).OrStuck("quiescence");

    /// <summary>
    /// The test runner may block a thread of the pool for as long as a test runs. A pool that has nothing waiting and finished nothing for
    /// so long is as quiet as it will get.
    /// </summary>
    private const int BlockedMilliseconds = 5000;

    private static void Wait()
    {
        var spin = new SpinWait();
        long completed = ThreadPool.CompletedWorkItemCount, since = Environment.TickCount64;
        for (int quiet = 0; quiet < QuietLooks && Environment.TickCount64 - since < BlockedMilliseconds; spin.SpinOnce())
        {
            quiet = IsQuiet() ? quiet + 1 : 0;
            if (ThreadPool.PendingWorkItemCount != 0 || ThreadPool.CompletedWorkItemCount != completed)
            {
                (completed, since) = (ThreadPool.CompletedWorkItemCount, Environment.TickCount64);
            }
        }
    }

    private static bool IsQuiet()
    {
        ThreadPool.GetMaxThreads(out int maximum, out _);
        ThreadPool.GetAvailableThreads(out int available, out _);
        return ThreadPool.PendingWorkItemCount == 0 && available == maximum;
    }
}
