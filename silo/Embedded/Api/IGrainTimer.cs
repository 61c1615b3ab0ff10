using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime;

/// <summary>A timer of one activation. Disposing it stops it for good.</summary>
public interface IGrainTimer : IDisposable
{
    /// <summary>Starts anew with other times. <see cref="Timeout.InfiniteTimeSpan"/> as due time stops it until the next change.</summary>
    void Change(TimeSpan dueTime, TimeSpan period);
}

/// <summary>When a grain timer calls back.</summary>
public readonly struct GrainTimerCreationOptions()
{
    [SetsRequiredMembers]
    public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) : this()
    {
        DueTime = dueTime;
        Period = period;
    }

    /// <summary>Until the first callback; zero = at once, infinite = not until it is changed.</summary>
    public required TimeSpan DueTime { get; init; }

    /// <summary>From the end of one callback to the next; infinite = once.</summary>
    public required TimeSpan Period { get; init; }

    /// <summary>True: callbacks run between the turns of a call. False: they wait like a call. Default: false.</summary>
    public bool Interleave { get; init; }

    /// <summary>True: a callback counts as use of the activation, which then is not collected. Default: false.</summary>
    public bool KeepAlive { get; init; }
}
