using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;
using Orleans.Metadata;

namespace GrainMQ.Tests.Simulation;

/// <summary>What the simulation knows about one grain class.</summary>
internal sealed class GrainKind
{
    private const string Suffix = "Grain";

    private readonly ObjectFactory _factory;

    public GrainKind(Type type, IServiceProvider services)
    {
        Class = type;
        Type = GrainType.Create((Name.EndsWith(Suffix, StringComparison.Ordinal) ? Name[..^Suffix.Length] : Name).ToLowerInvariant());
        IsReentrant = type.IsDefined(typeof(ReentrantAttribute), inherit: true);
        AgeLimit = AgeLimitOf(type, services);
        _factory = ActivatorUtilities.CreateFactory(type, []);
    }

    public Type Class { get; }

    public string Name => Class.Name;

    public GrainType Type { get; }

    /// <summary>Calls may take turns.</summary>
    public bool IsReentrant { get; }

    /// <summary>Null = the cluster's default, infinite = never collected.</summary>
    public TimeSpan? AgeLimit { get; }

    /// <summary>Its full name begins so.</summary>
    public bool IsNamed(string prefix) => Class.FullName?.StartsWith(prefix, StringComparison.Ordinal) == true;

    /// <summary>A new grain, for the activation whose turn it is.</summary>
    public Grain Create(IServiceProvider services) => (Grain)_factory(services, null);

    private TimeSpan? AgeLimitOf(Type type, IServiceProvider services)
    {
        var properties = new Dictionary<string, string>();
        foreach (var attribute in type.GetCustomAttributes(inherit: true).OfType<IGrainPropertiesProviderAttribute>())
        {
            attribute.Populate(services, type, Type, properties);
        }

        return properties.GetValueOrDefault(WellKnownGrainTypeProperties.IdleDeactivationPeriod) switch
        {
            null => null,
            WellKnownGrainTypeProperties.IndefiniteIdleDeactivationPeriodValue => Timeout.InfiniteTimeSpan,
            { } period => TimeSpan.Parse(period, CultureInfo.InvariantCulture),
        };
    }
}
