namespace GrainMQ.Silo.Embedded;

/// <summary>
/// A call to an idle grain takes its turn on the caller's thread: no queue, no thread to wake, and the answer is mostly there before the
/// caller awaits it. Turns stay turns, one at a time on an activation; a grain that is busy, and the rest of a turn after an await, go to
/// the pool. With injected faults every call does, so that the order of things varies.
/// </summary>
internal static class BorrowedThread
{
    /// <summary>Calls within calls: more go to the pool, because they take stack.</summary>
    private const int MaximumDepth = 8;

    [ThreadStatic] private static int s_depth;

    public static bool MayLend => s_depth < MaximumDepth;

    /// <summary>Runs the turns of an activation that was reserved for this thread; afterwards the thread is its lender's again.</summary>
    public static void Run(Activation activation)
    {
        var lender = SynchronizationContext.Current;
        s_depth++;
        try
        {
            activation.Execute();
        }
        finally
        {
            s_depth--;
            SynchronizationContext.SetSynchronizationContext(lender);
        }
    }
}
