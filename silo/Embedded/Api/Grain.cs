using GrainMQ.Silo.Embedded;
using Orleans.Runtime;

namespace Orleans;

/// <summary>
/// The base class of grains. One turn runs at a time in an activation, so a grain needs no locks. A grain that is created outside the
/// engine (a unit test) has no activation: its own members work, the protected ones below throw.
/// </summary>
public abstract class Grain : IGrainBase, IAddressable
{
    private readonly Activation? _activation = Activation.Constructing;

    /// <summary>Finds other grains.</summary>
    protected IGrainFactory GrainFactory => Activated.GrainFactory;

    /// <summary>The services of the silo.</summary>
    protected internal IServiceProvider ServiceProvider => Activated.Services;

    internal Activation Activated => _activation ?? throw new InvalidOperationException(
        $"{GetType().Name} was created outside the grain engine, so it has no key, factory, services or timers.");

    /// <summary>Ends the activation when its running calls are done. The next call finds a new one.</summary>
    protected void DeactivateOnIdle() => Activated.DeactivateOnIdle();

    /// <inheritdoc cref="IGrainBase.OnActivateAsync"/>
    public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc cref="IGrainBase.OnDeactivateAsync"/>
    public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;
}
