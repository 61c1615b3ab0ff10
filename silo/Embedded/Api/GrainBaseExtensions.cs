using Orleans.Runtime;

namespace Orleans;

/// <summary>What a grain can ask of its activation.</summary>
public static class GrainBaseExtensions
{
    /// <summary>
    /// Calls back on the activation after a due time and then after every period, counted from the end of the callback before. It ends with
    /// the activation. An exception in the callback is logged and the timer goes on.
    /// </summary>
    /// <param name="grain">A grain inside its activation.</param>
    /// <param name="callback">Gets the state and a token that is cancelled when the timer is disposed.</param>
    /// <param name="state">Handed to every callback.</param>
    /// <param name="options">When, and whether callbacks wait for running calls and keep the activation alive.</param>
    public static IGrainTimer RegisterGrainTimer<TState>(
        this IGrainBase grain,
        Func<TState, CancellationToken, Task> callback,
        TState state,
        GrainTimerCreationOptions options)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return grain is Grain activated
            ? activated.Activated.RegisterTimer(callback, state, options)
            : throw new ArgumentException("Only a class derived from Grain can have timers.", nameof(grain));
    }
}
