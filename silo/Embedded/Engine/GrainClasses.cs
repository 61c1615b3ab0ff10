using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Reflection;
using Orleans;

namespace GrainMQ.Silo.Embedded;

/// <summary>Finds the class behind a grain interface.</summary>
internal sealed class GrainClasses
{
    private readonly FrozenDictionary<Type, GrainClass[]> _byInterface;
    private readonly ConcurrentDictionary<Type, GrainClass> _single = new();

    public GrainClasses(IEnumerable<Type> grainTypes) =>
        _byInterface = grainTypes
            .SelectMany(type => InterfacesOf(type).Select(of => (of, Class: new Lazy<GrainClass>(() => new GrainClass(type)))))
            .GroupBy(pair => pair.of, pair => pair.Class)
            .ToFrozenDictionary(group => group.Key, group => group.Select(lazy => lazy.Value).ToArray());

    /// <summary>The grain classes of an assembly.</summary>
    public static IEnumerable<Type> In(Assembly assembly) => assembly.GetTypes().Where(IsGrainClass);

    public static bool IsGrainClass(Type type) => type is { IsClass: true, IsAbstract: false } && type.IsSubclassOf(typeof(Grain));

    public GrainClass Find(Type grainInterface, string? classNamePrefix) =>
        classNamePrefix is null ? _single.GetOrAdd(grainInterface, FindOnly) : FindByPrefix(grainInterface, classNamePrefix);

    private static IEnumerable<Type> InterfacesOf(Type type) =>
        IsGrainClass(type)
            ? type.GetInterfaces().Where(of => of.IsAssignableTo(typeof(IGrain)))
            : throw new ArgumentException($"{type.FullName} is not a concrete class derived from Orleans.Grain.");

    private GrainClass FindOnly(Type grainInterface) => Candidates(grainInterface) switch
    {
        [var only] => only,
        var several => throw new ArgumentException(
            $"{grainInterface.Name} is implemented by {string.Join(", ", several.Select(one => one.FullName))}: name one with grainClassNamePrefix."),
    };

    private GrainClass FindByPrefix(Type grainInterface, string prefix) =>
        Array.FindAll(Candidates(grainInterface), one => one.FullName.StartsWith(prefix, StringComparison.Ordinal)) is [var only]
            ? only
            : throw new ArgumentException($"{grainInterface.Name}: not exactly one class has the name prefix '{prefix}'.");

    private GrainClass[] Candidates(Type grainInterface) =>
        _byInterface.TryGetValue(grainInterface, out var classes)
            ? classes
            : throw new ArgumentException($"No grain class implements {grainInterface.FullName}. Pass its assembly to AddEmbeddedGrains.");
}
