namespace GrainMQ.Tests.Simulation;

/// <summary>Timers that do not carry the async-local values of the one who happened to create them.</summary>
internal static class UnboundTimer
{
    /// <summary>A timer that is not armed yet.</summary>
    public static ITimer Create<TOwner>(TimeProvider time, TOwner owner, Action<TOwner> fire) where TOwner : class
    {
        if (ExecutionContext.IsFlowSuppressed())
        {
            return CreateHere(time, owner, fire);
        }

        using (ExecutionContext.SuppressFlow())
        {
            return CreateHere(time, owner, fire);
        }
    }

    /// <summary>Calls once, after a while.</summary>
    public static void After(TimeProvider time, TimeSpan delay, Action act)
    {
        ITimer? timer = null;
        timer = Create(time, act, once =>
        {
            timer?.Dispose();
            once();
        });
        timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    private static ITimer CreateHere<TOwner>(TimeProvider time, TOwner owner, Action<TOwner> fire) where TOwner : class =>
        time.CreateTimer(_ => fire(owner), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
