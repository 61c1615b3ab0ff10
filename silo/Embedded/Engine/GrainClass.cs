using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans;
using Orleans.Concurrency;

namespace GrainMQ.Silo.Embedded;

/// <summary>What the engine knows about one grain class.</summary>
internal sealed class GrainClass
{
    private readonly Type _type;

    public GrainClass(Type type)
    {
        _type = type;
        Name = type.Name;
        Reentrant = type.IsDefined(typeof(ReentrantAttribute), inherit: true);
        AgeLimit = type.GetCustomAttribute<CollectionAgeLimitAttribute>(inherit: true) is { } limit
            ? limit.AlwaysActive ? Timeout.InfiniteTimeSpan : limit.AgeLimit
            : null;
    }

    /// <summary>Objects outside the grains: called one call at a time, but not bound to turns.</summary>
    public static GrainClass Observer { get; } = new(typeof(IGrainObserver));

    public string Name { get; }

    public string FullName => _type.FullName ?? _type.Name;

    /// <summary>Calls may take turns.</summary>
    public bool Reentrant { get; }

    /// <summary>Null = the cluster's default, infinite = never collected.</summary>
    public TimeSpan? AgeLimit { get; }

    public Grain Create(IServiceProvider services) => (Grain)ActivatorUtilities.CreateInstance(services, _type);
}
