namespace GrainMQ.Tests.InMemory.Crash;

internal enum KillPlace
{
    /// <summary>An await of a log: before the store does what it was asked, or after.</summary>
    Log,

    /// <summary>A write, fsync, rename … of the disk: before it or after.</summary>
    Disk,

    /// <summary>A call to a grain: before it, or in the moment of its answer.</summary>
    Call,
}

/// <summary>Where a process is to die: at the so many-th await of that kind from now on.</summary>
/// <param name="Place">What kind.</param>
/// <param name="Countdown">From 1.</param>
/// <param name="IsAfter">Of a call: after the grain has done it.</param>
internal sealed record KillPoint(KillPlace Place, int Countdown, bool IsAfter);
