using Orleans.Serialization.Invocation;

namespace GrainMQ.Tests.Simulation;

/// <summary>Stands between callers and grains and does what the plan says.</summary>
internal sealed class FaultInjector(SimulatedCluster cluster, MessageCenter messages, FaultPlan plan)
{
    private readonly Dictionary<GrainId, Lane> _lanes = [];

    public void Send(Call call)
    {
        var (lane, faulty) = Enter(call);
        var fault = plan.Decide(faulty);
        if (fault != CallFault.None)
        {
            Tell(faulty, fault);
        }

        var overtaken = fault == CallFault.Reorder ? null : lane.Exchange(null);
        Apply(fault, call, lane, faulty);
        if (overtaken is not null)
        {
            messages.Deliver(overtaken);
        }
    }

    /// <summary>The grain has done what it was asked, and <see cref="Call.AnswerFault"/> says what becomes of its answer.</summary>
    public void Answer(Call call, Response response, CallFault fault, FaultyCall faulty)
    {
        switch (fault)
        {
            case CallFault.CrashAfter:
                plan.Crashed?.Invoke(faulty);
                break;
            case CallFault.LateAnswer:
                UnboundTimer.After(cluster.Time, plan.DelayOf(faulty), () => messages.Answer(call, response));
                break;
            default:
                messages.Fail(call, new TimeoutException($"{call}: the answer was lost (injected fault)."));
                break;
        }
    }

    private (Lane Lane, FaultyCall Faulty) Enter(Call call)
    {
        lock (cluster.Gate)
        {
            if (!_lanes.TryGetValue(call.Target.Id, out var lane))
            {
                _lanes[call.Target.Id] = lane = new Lane();
            }

            return (lane, new FaultyCall(call.Target.ToString(), call.Method, ++lane.Calls));
        }
    }

    private void Tell(FaultyCall faulty, CallFault fault)
    {
        cluster.Trace.Add(fault.ToString(), $"{faulty.Method} to {faulty.Grain}");
        plan.Injected?.Invoke(faulty, fault);
    }

    private void Apply(CallFault fault, Call call, Lane lane, FaultyCall faulty)
    {
        switch (fault)
        {
            case CallFault.Delay:
                UnboundTimer.After(cluster.Time, plan.DelayOf(faulty), () => messages.Deliver(call));
                break;
            case CallFault.Reorder:
                Hold(call, lane);
                break;
            case CallFault.Duplicate:
                messages.Deliver(call);
                messages.Deliver(call.Double());
                break;
            case CallFault.TimeoutBefore:
                messages.Fail(call, new TimeoutException($"{call}: the call was lost (injected fault)."));
                break;
            case CallFault.SecondActivation:
                cluster.ForceSecondActivation(call.Target, plan.SecondActivationTime);
                messages.Deliver(call);
                break;
            case CallFault.CrashBefore:
                plan.Crashed?.Invoke(faulty);
                break;
            case CallFault.TimeoutAfter or CallFault.CrashAfter or CallFault.LateAnswer:
                call.AnswerFault = (fault, faulty);
                messages.Deliver(call);
                break;
            default:
                messages.Deliver(call);
                break;
        }
    }

    private void Hold(Call call, Lane lane)
    {
        if (lane.Exchange(call) is { } before)
        {
            messages.Deliver(before);
        }

        UnboundTimer.After(cluster.Time, plan.MaximumDelay, () =>
        {
            if (lane.TryRelease(call))
            {
                messages.Deliver(call);
            }
        });
    }

    /// <summary>The way to one grain.</summary>
    private sealed class Lane
    {
        private Call? _held;

        public long Calls { get; set; }

        public Call? Exchange(Call? next) => Interlocked.Exchange(ref _held, next);

        public bool TryRelease(Call call) => Interlocked.CompareExchange(ref _held, null, call) == call;
    }
}
