using System.Collections.Concurrent;
using Orleans.Metadata;

namespace GrainMQ.Tests.Testing;

/// <summary>
/// Every activation of a grain class of ours on the silos that it is added to, from the runtime itself: a call filter sees calls, not
/// what lives between them.
/// </summary>
internal sealed class ActivationLog : IConfigureGrainContextProvider
{
    private readonly ConcurrentQueue<Activation> _activations = new();

    /// <summary>All that there ever were of a grain, in the order of their creation.</summary>
    public IReadOnlyList<Activation> Of(GrainId grain) => [.. _activations.Where(activation => activation.Grain == grain)];

    public IReadOnlyList<Activation> Of(IAddressable grain) => Of(grain.GetGrainId());

    /// <summary>How many there ever were of a grain type.</summary>
    public int Count(GrainType type) => _activations.Count(activation => activation.Grain.Type == type);

    /// <summary>Those that have been activated and not deactivated.</summary>
    public IReadOnlyList<Activation> Alive(IAddressable grain) =>
        [.. Of(grain).Where(activation => activation is { WasActivated: true, IsGone: false })];

    public bool TryGetConfigurator(GrainType grainType, GrainProperties properties, out IConfigureGrainContext configurator)
    {
        configurator = new Configurator(this);
        return properties.Properties.TryGetValue(WellKnownGrainTypeProperties.FullTypeName, out var name) && name.StartsWith("GrainMQ.", StringComparison.Ordinal);
    }

    private sealed class Configurator(ActivationLog log) : IConfigureGrainContext
    {
        public void Configure(IGrainContext context) => log._activations.Enqueue(new Activation(context));
    }
}

/// <summary>One activation, as its lifecycle shows it.</summary>
internal sealed class Activation
{
    private readonly TaskCompletionSource _deactivated = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Activation(IGrainContext context)
    {
        (Grain, Silo) = (context.GrainId, context.Address.SiloAddress);
        context.ObservableLifecycle.Subscribe(nameof(ActivationLog), GrainLifecycleStage.Last, OnActivated, OnDeactivated);
        Gone = context.Deactivated;
    }

    public GrainId Grain { get; }

    public SiloAddress? Silo { get; }

    /// <summary>OnActivateAsync has succeeded.</summary>
    public bool WasActivated { get; private set; }

    /// <summary>Completes when OnDeactivateAsync is over.</summary>
    public Task Deactivated => _deactivated.Task;

    /// <summary>Completes when the silo has forgotten it.</summary>
    public Task Gone { get; }

    public bool IsGone => Gone.IsCompleted;

    private Task OnActivated(CancellationToken cancellation)
    {
        WasActivated = true;
        return Task.CompletedTask;
    }

    private Task OnDeactivated(CancellationToken cancellation)
    {
        _deactivated.TrySetResult();
        return Task.CompletedTask;
    }
}
