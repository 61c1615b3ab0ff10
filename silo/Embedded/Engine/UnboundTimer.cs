namespace GrainMQ.Silo.Embedded;

/// <summary>Timers that do not carry the execution context of whoever happened to create them.</summary>
internal static class UnboundTimer
{
    /// <summary>A timer that is not armed yet.</summary>
    public static ITimer Create<TOwner>(TimeProvider time, TOwner owner, Action<TOwner> fire) where TOwner : class
    {
        if (ExecutionContext.IsFlowSuppressed()) return CreateHere(time, owner, fire);
        using var noFlow = ExecutionContext.SuppressFlow();
        return CreateHere(time, owner, fire);
    }

    private static ITimer CreateHere<TOwner>(TimeProvider time, TOwner owner, Action<TOwner> fire) where TOwner : class =>
        time.CreateTimer(_ => fire(owner), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
}
