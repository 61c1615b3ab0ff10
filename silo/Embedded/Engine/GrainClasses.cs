using System.Collections.Concurrent;
using System.Reflection;
using Orleans;

namespace GrainMQ.Silo.Embedded;

/// <summary>Finds the class behind a grain interface.</summary>
/// <remarks>Plain loops: this runs once, at the start, where compiling cleverer code costs more than running it saves.</remarks>
internal sealed class GrainClasses
{
    private readonly Dictionary<Type, List<GrainClass>> _byInterface = [];
    private readonly ConcurrentDictionary<Type, GrainClass> _single = new();

    public GrainClasses(IEnumerable<Type> grainTypes)
    {
        foreach (var type in grainTypes) Add(type);
    }

    /// <summary>The grain classes of assemblies.</summary>
    public static IEnumerable<Type> In(IEnumerable<Assembly> assemblies)
    {
        foreach (var assembly in assemblies)
        {
            foreach (var type in assembly.GetTypes())
            {
                if (IsGrainClass(type)) yield return type;
            }
        }
    }

    public GrainClass Find(Type grainInterface, string? classNamePrefix) =>
        classNamePrefix is null ? _single.GetOrAdd(grainInterface, FindOnly) : FindByPrefix(grainInterface, classNamePrefix);

    private static bool IsGrainClass(Type type) => type is { IsClass: true, IsAbstract: false } && type.IsSubclassOf(typeof(Grain));

    private void Add(Type type)
    {
        if (!IsGrainClass(type)) throw new ArgumentException($"{type.FullName} is not a concrete class derived from Orleans.Grain.");
        var grainClass = new GrainClass(type);
        foreach (var grainInterface in type.GetInterfaces())
        {
            if (!grainInterface.IsAssignableTo(typeof(IGrain))) continue;
            if (!_byInterface.TryGetValue(grainInterface, out var classes)) _byInterface[grainInterface] = classes = [];
            classes.Add(grainClass);
        }
    }

    private GrainClass FindOnly(Type grainInterface) => Candidates(grainInterface) switch
    {
        [var only] => only,
        var several => throw new ArgumentException(
            $"{grainInterface.Name} is implemented by {string.Join(", ", several.Select(one => one.FullName))}: name one with grainClassNamePrefix."),
    };

    private GrainClass FindByPrefix(Type grainInterface, string prefix) =>
        Candidates(grainInterface).FindAll(one => one.FullName.StartsWith(prefix, StringComparison.Ordinal)) is [var only]
            ? only
            : throw new ArgumentException($"{grainInterface.Name}: not exactly one class has the name prefix '{prefix}'.");

    private List<GrainClass> Candidates(Type grainInterface) =>
        _byInterface.TryGetValue(grainInterface, out var classes)
            ? classes
            : throw new ArgumentException($"No grain class implements {grainInterface.FullName}. Pass its assembly to AddEmbeddedGrains.");
}
