namespace Orleans;

/// <summary>What every grain class can override. Derive from <see cref="Grain"/>; the engine runs nothing else.</summary>
public interface IGrainBase
{
    /// <summary>Runs before the first call. An exception fails the calls that wait; the next call tries anew.</summary>
    Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;

    /// <summary>Runs after the last call; not when the silo is lost.</summary>
    Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
}
