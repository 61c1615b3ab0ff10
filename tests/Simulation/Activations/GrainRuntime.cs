using System.Net;
using Orleans.Core;
using Orleans.Timers;

namespace GrainMQ.Tests.Simulation;

/// <summary>What a grain can ask of the silo that it lives on.</summary>
internal sealed class GrainRuntime(SimulatedCluster cluster) : IGrainRuntime, ITimerRegistry
{
    private const int FirstPort = 11_111;

    public string SiloIdentity => CurrentActivation.Value is { } activation ? $"silo {activation.Silo}" : "";

    public SiloAddress SiloAddress => AddressOf(CurrentActivation.Value?.Silo ?? 0);

    public IGrainFactory GrainFactory => cluster.Grains;

    public ITimerRegistry TimerRegistry => this;

    public IServiceProvider ServiceProvider => cluster.Services;

    public TimeProvider TimeProvider => cluster.Time;

    public static SiloAddress AddressOf(int silo) => SiloAddress.New(IPAddress.Loopback, FirstPort + silo, 1);

    public void DeactivateOnIdle(IGrainContext grainContext) =>
        grainContext.Deactivate(new DeactivationReason(DeactivationReasonCode.ApplicationRequested, "DeactivateOnIdle was called."));

    public void DelayDeactivation(IGrainContext grainContext, TimeSpan timeSpan) => throw new NotSupportedException("No grain delays its collection yet.");

    public IStorage<TGrainState> GetStorage<TGrainState>(IGrainContext grainContext) =>
        throw new NotSupportedException("Grains keep nothing by themselves: shards have journals.");

    public IGrainTimer RegisterGrainTimer<TState>(
        IGrainContext grainContext, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
    {
        var activation = (Activation)grainContext;
        var timer = new GrainTimer<TState>(cluster, activation, callback, state, options);
        timer.Change(options.DueTime, options.Period);
        activation.Add(timer);
        return timer;
    }

    IDisposable ITimerRegistry.RegisterTimer(IGrainContext grainContext, Func<object?, Task> callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        throw new NotSupportedException("Obsolete. Use RegisterGrainTimer.");
}
