namespace GrainMQ.Tests.Simulation;

/// <summary>
/// Faults drawn from a seed. The draw depends on the seed, the grain and the number of the call to it, not on time or threads: the same seed
/// does the same to the n-th call of a grain. Chances are 0 to 1; their sum is at most 1.
/// </summary>
public sealed class FaultPlan
{
    /// <summary>Default: 1.</summary>
    public int Seed { get; set; } = 1;

    public double Delay { get; set; }

    public double Reorder { get; set; }

    public double Duplicate { get; set; }

    public double TimeoutBefore { get; set; }

    public double TimeoutAfter { get; set; }

    public double SecondActivation { get; set; }

    public double LateAnswer { get; set; }

    /// <summary>Delays are drawn between 0 and this. Default: 20 ms.</summary>
    public TimeSpan MaximumDelay { get; set; } = TimeSpan.FromMilliseconds(20);

    /// <summary>How long a second activation lives beside the first. Default: 100 ms.</summary>
    public TimeSpan SecondActivationTime { get; set; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Decides instead of the chances; null from it = draw. Called on the caller's thread.</summary>
    public Func<FaultyCall, CallFault?>? Script { get; set; }

    /// <summary>
    /// Ends the simulated process at <see cref="CallFault.CrashBefore"/> and <see cref="CallFault.CrashAfter"/>, which only a script decides.
    /// Called on the caller's or the grain's thread.
    /// </summary>
    public Action<FaultyCall>? Crashed { get; set; }

    /// <summary>Told every fault, so that a failing test can print what was done to it.</summary>
    public Action<FaultyCall, CallFault>? Injected { get; set; }

    /// <summary>What the plan does to a call.</summary>
    public CallFault Decide(FaultyCall call)
    {
        if (Script?.Invoke(call) is { } scripted)
        {
            return scripted;
        }

        var draw = Draw(call, salt: 0);
        if ((draw -= Delay) < 0)
        {
            return CallFault.Delay;
        }

        if ((draw -= Reorder) < 0)
        {
            return CallFault.Reorder;
        }

        if ((draw -= Duplicate) < 0)
        {
            return CallFault.Duplicate;
        }

        if ((draw -= TimeoutBefore) < 0)
        {
            return CallFault.TimeoutBefore;
        }

        if ((draw -= TimeoutAfter) < 0)
        {
            return CallFault.TimeoutAfter;
        }

        if ((draw -= SecondActivation) < 0)
        {
            return CallFault.SecondActivation;
        }

        return draw - LateAnswer < 0 ? CallFault.LateAnswer : CallFault.None;
    }

    internal TimeSpan DelayOf(FaultyCall call) => MaximumDelay * Draw(call, salt: 1);

    /// <summary>0 ≤ draw &lt; 1.</summary>
    private double Draw(FaultyCall call, ulong salt) =>
        new Random((int)Fnv.Add(Fnv.Hash(call.Grain, Fnv.Add((ulong)Seed, salt)), (ulong)call.Number)).NextDouble();
}
