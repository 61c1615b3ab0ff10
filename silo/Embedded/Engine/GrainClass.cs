using System.Reflection;
using Orleans;
using Orleans.Concurrency;

namespace GrainMQ.Silo.Embedded;

/// <summary>What the engine knows about one grain class.</summary>
internal sealed class GrainClass
{
    private readonly Type _type;
    private readonly Lazy<(ConstructorInfo Constructor, ParameterInfo[] Parameters)> _constructor;

    public GrainClass(Type type)
    {
        _type = type;
        Name = type.Name;
        Reentrant = type.IsDefined(typeof(ReentrantAttribute), inherit: true);
        AgeLimit = type.GetCustomAttribute<CollectionAgeLimitAttribute>(inherit: true) is { } limit
            ? limit.AlwaysActive ? Timeout.InfiniteTimeSpan : limit.AgeLimit
            : null;
        _constructor = new(FindConstructor);
    }

    /// <summary>Objects outside the grains: called one call at a time, but not bound to turns.</summary>
    public static GrainClass Observer { get; } = new(typeof(IGrainObserver));

    public string Name { get; }

    public string FullName => _type.FullName ?? _type.Name;

    /// <summary>Calls may take turns.</summary>
    public bool Reentrant { get; }

    /// <summary>Null = the cluster's default, infinite = never collected.</summary>
    public TimeSpan? AgeLimit { get; }

    /// <summary>A new grain, its constructor's parameters taken from the services.</summary>
    /// <remarks>ActivatorUtilities would do, but its first use alone costs as much as the rest of the engine's start.</remarks>
    public Grain Create(IServiceProvider services)
    {
        var (constructor, parameters) = _constructor.Value;
        var arguments = parameters.Length == 0 ? null : Array.ConvertAll(parameters, parameter => Resolve(services, parameter));
        return (Grain)constructor.Invoke(BindingFlags.DoNotWrapExceptions, null, arguments, null);
    }

    private object? Resolve(IServiceProvider services, ParameterInfo parameter)
    {
        if (services.GetService(parameter.ParameterType) is { } service) return service;
        return parameter.HasDefaultValue
            ? parameter.DefaultValue
            : throw new InvalidOperationException($"{Name} needs a {parameter.ParameterType.Name}, which is not among the services.");
    }

    private (ConstructorInfo, ParameterInfo[]) FindConstructor() =>
        _type.GetConstructors() is [var only]
            ? (only, only.GetParameters())
            : throw new InvalidOperationException($"{FullName} must have one public constructor.");
}
