using System.Collections.Concurrent;
using GrainMQ.Tests.Simulation;

namespace GrainMQ.Tests.Testing;

/// <summary>Breaks chosen calls to grains, for as long or as often as the test says; other calls follow the chances of the plan.</summary>
public sealed class GrainFaults
{
    private readonly ConcurrentDictionary<string, (CallFault Fault, int Left)> _rules = new();
    private int _met;

    public GrainFaults() => Plan.Script = Decide;

    /// <summary>For <c>SimulatedClusterOptions.Faults</c>.</summary>
    public FaultPlan Plan { get; } = new() { MaximumDelay = TimeSpan.FromMilliseconds(20) };

    /// <summary>Faults met so far.</summary>
    public int Met => Volatile.Read(ref _met);

    /// <summary>Calls of this method, as <c>ISessionStoreGrain.AttachAsync</c>, meet the fault until <see cref="Heal"/>, or so many times.</summary>
    public void Break(string method, CallFault fault, int times = int.MaxValue) => _rules[method] = (fault, times);

    public void Heal() => _rules.Clear();

    private CallFault? Decide(FaultyCall call)
    {
        if (!_rules.TryGetValue(call.Method, out var rule))
        {
            return null;
        }

        Interlocked.Increment(ref _met);
        if (rule.Left == 1)
        {
            _rules.TryRemove(call.Method, out _);
        }
        else
        {
            _rules[call.Method] = rule with { Left = rule.Left - 1 };
        }

        return rule.Fault;
    }
}
