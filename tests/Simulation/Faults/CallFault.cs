namespace GrainMQ.Tests.Simulation;

/// <summary>What happens to a call between the caller and the grain.</summary>
public enum CallFault
{
    None,
    /// <summary>Arrives late.</summary>
    Delay,
    /// <summary>Arrives after the next call to the same grain, or after the longest delay when there is none.</summary>
    Reorder,
    /// <summary>Runs twice; the caller sees the first result.</summary>
    Duplicate,
    /// <summary>Never runs; the caller gets a <see cref="TimeoutException"/>.</summary>
    TimeoutBefore,
    /// <summary>Runs; the caller gets a <see cref="TimeoutException"/>.</summary>
    TimeoutAfter,
    /// <summary>Finds a second activation of its grain.</summary>
    SecondActivation,
    /// <summary>Never runs, and there is no answer: the process of the caller ends. See <see cref="FaultPlan.Crashed"/>.</summary>
    CrashBefore,
    /// <summary>The same, after the grain has done what it was asked.</summary>
    CrashAfter,
    /// <summary>Runs at once; its answer arrives late.</summary>
    LateAnswer,
}
