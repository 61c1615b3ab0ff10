using System.Collections.Concurrent;

namespace GrainMQ.Silo.Embedded;

/// <summary>Stands between callers and grains and does what the plan says.</summary>
internal sealed class FaultInjector(EmbeddedCluster cluster, FaultPlan plan)
{
    private readonly ConcurrentDictionary<GrainId, Lane> _lanes = new();

    public void Send(GrainCall call)
    {
        var lane = _lanes.GetOrAdd(call.Target.Id, static _ => new Lane());
        var faulty = new FaultyCall(call.Target.ToString(), call.Name, Interlocked.Increment(ref lane.Calls));
        var fault = plan.Decide(faulty);
        if (fault != CallFault.None) plan.Injected?.Invoke(faulty, fault);

        var overtaken = fault == CallFault.Reorder ? null : Interlocked.Exchange(ref lane.Held, null);
        Apply(fault, call, lane, faulty);
        if (overtaken is not null) cluster.Deliver(overtaken);
    }

    private void Apply(CallFault fault, GrainCall call, Lane lane, FaultyCall faulty)
    {
        switch (fault)
        {
            case CallFault.Delay:
                After(plan.DelayOf(faulty), () => cluster.Deliver(call));
                break;
            case CallFault.Reorder:
                Hold(call, lane);
                break;
            case CallFault.Duplicate:
                var copy = call.Copy();
                cluster.Deliver(call);
                cluster.Deliver(copy);
                break;
            case CallFault.TimeoutBefore:
                call.Fail(new TimeoutException($"{call.Name} on {call.Target}: the call was lost (injected fault)."));
                break;
            case CallFault.TimeoutAfter:
                call.LosesAnswer = true;
                cluster.Deliver(call);
                break;
            case CallFault.SecondActivation:
                if (call.Target.Observer is null) cluster.ForceSecondActivation(call.Target.Id, plan.SecondActivationTime);
                cluster.Deliver(call);
                break;
            case CallFault.CrashBefore:
                plan.Crashed?.Invoke(faulty);
                break;
            case CallFault.CrashAfter:
                call.Crash = () => plan.Crashed?.Invoke(faulty);
                cluster.Deliver(call);
                break;
            default:
                cluster.Deliver(call);
                break;
        }
    }

    private void Hold(GrainCall call, Lane lane)
    {
        if (Interlocked.Exchange(ref lane.Held, call) is { } before) cluster.Deliver(before);
        After(plan.MaximumDelay, () =>
        {
            if (Interlocked.CompareExchange(ref lane.Held, null, call) == call) cluster.Deliver(call);
        });
    }

    private void After(TimeSpan delay, Action deliver)
    {
        ITimer? timer = null;
        timer = UnboundTimer.Create(cluster.Time, deliver, act =>
        {
            act();
            timer?.Dispose();
        });
        timer.Change(delay, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The way to one grain.</summary>
    private sealed class Lane
    {
        public long Calls;
        public GrainCall? Held;
    }
}
