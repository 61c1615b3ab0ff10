namespace GrainMQ.Tests.Simulation;

internal sealed partial class Activation : IGrainContext, IWorkItemScheduler
{
    private readonly Dictionary<Type, object> _components = [];

    public GrainId GrainId => Name.Id;

    public object? GrainInstance => _grain;

    public ActivationId ActivationId { get; } = ActivationId.NewId();

    public GrainAddress Address => new() { GrainId = GrainId, ActivationId = ActivationId, SiloAddress = GrainRuntime.AddressOf(Silo) };

    public GrainReference GrainReference => throw new NotSupportedException("A reference without an interface. Use GrainFactory.GetGrain.");

    public IServiceProvider ActivationServices => _scope.ServiceProvider;

    public IGrainLifecycle ObservableLifecycle => throw new NotSupportedException("Grains have OnActivateAsync and OnDeactivateAsync; no other part of a lifecycle is simulated.");

    public IWorkItemScheduler Scheduler => this;

    public Task Deactivated => _deactivated.Task;

    public object? GetTarget() => _grain;

    public object? GetComponent(Type componentType) =>
        componentType.IsInstanceOfType(_grain) ? _grain : componentType.IsInstanceOfType(this) ? this : _components.GetValueOrDefault(componentType);

    public TComponent? GetComponent<TComponent>() where TComponent : class => GetComponent(typeof(TComponent)) as TComponent;

    public void SetComponent<TComponent>(TComponent? value) where TComponent : class
    {
        if (value is null)
        {
            _components.Remove(typeof(TComponent));
        }
        else
        {
            _components[typeof(TComponent)] = value;
        }
    }

    void IGrainContext.ReceiveMessage(object message) => throw new NotSupportedException("Calls come by the message center.");

    void IGrainContext.Activate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken)
    {
        // it has begun with its constructor
    }

    void IGrainContext.Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken)
    {
        lock (_cluster.Gate)
        {
            Deactivate(deactivationReason);
        }
    }

    void IGrainContext.Rehydrate(IRehydrationContext context) => throw new NotSupportedException("Activations do not move.");

    void IGrainContext.Migrate(Dictionary<string, object>? requestContext, CancellationToken cancellationToken) =>
        throw new NotSupportedException("Activations do not move.");

    bool IEquatable<IGrainContext>.Equals(IGrainContext? other) => ReferenceEquals(this, other);

    void IWorkItemScheduler.QueueAction(Action action) => _scheduler.Post(action);

    void IWorkItemScheduler.QueueAction(Action<object> action, object state) => _scheduler.Post(() => action(state));

    void IWorkItemScheduler.QueueTask(Task task) => task.Start(_scheduler);
}
