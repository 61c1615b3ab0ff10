namespace GrainMQ.Silo.Embedded;

/// <summary>
/// Chains of calls that come back to where they began. Where a cluster would wait for its call timeout, the engine says so at once. It takes
/// every sent call as awaited: a grain that sends a call back to a caller that does not await it is refused too.
/// </summary>
internal static class CallCycle
{
    /// <summary>The reason when <paramref name="request"/> would wait for <paramref name="blocking"/>, which waits for it.</summary>
    public static CallCycleException? Find(Request request, Request? blocking)
    {
        if (blocking is null) return null;
        for (var caller = request.Caller; caller is not null; caller = caller.Caller)
        {
            if (caller == blocking) return new CallCycleException(Describe(request, blocking));
        }
        return null;
    }

    /// <summary>True when a request on <paramref name="activation"/> leads to this one.</summary>
    public static bool Passes(Request request, Activation activation)
    {
        for (var caller = request.Caller; caller is not null; caller = caller.Caller)
        {
            if (caller.Activation == activation) return true;
        }
        return false;
    }

    private static string Describe(Request request, Request blocking)
    {
        var steps = new List<string>();
        for (var step = request; step is not null && step != blocking; step = step.Caller) steps.Add(Step(step));
        steps.Add(Step(blocking));
        steps.Reverse();
        return $"{string.Join(" → ", steps)} would wait for itself for ever. Mark {blocking.Activation.Id.Class.Name} [Reentrant] or the last method [AlwaysInterleave].";
    }

    private static string Step(Request request) => $"{request.Activation.Id}.{request.Name[(request.Name.IndexOf('.') + 1)..]}";
}
