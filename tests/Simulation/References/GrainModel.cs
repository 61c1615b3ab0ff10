using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Orleans.Serialization.Cloning;
using Orleans.Serialization.Serializers;

namespace GrainMQ.Tests.Simulation;

/// <summary>
/// What the assemblies of grains hold, the same for every cluster of the process: the classes, the references that Orleans has generated, and its
/// serializers. Read once, because that takes longer than a short simulation.
/// </summary>
internal sealed class GrainModel
{
    private static readonly ConcurrentDictionary<string, GrainModel> Models = new();

    private readonly Dictionary<GrainType, GrainKind> _kinds = [];
    private readonly Dictionary<Type, ConstructorInvoker> _references = [];

    private GrainModel(Assembly[] assemblies)
    {
        var services = Serializers(assemblies);
        (Serializer, Copier) = (services.GetRequiredService<Serializer>(), services.GetRequiredService<DeepCopier>());
        (Codecs, CopyContexts) = (services.GetRequiredService<CodecProvider>(), services.GetRequiredService<CopyContextPool>());
        foreach (var type in assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => type is { IsClass: true, IsAbstract: false }))
        {
            if (type.IsAssignableTo(typeof(Grain)))
            {
                Add(new GrainKind(type, services));
            }
            else if (type.IsAssignableTo(typeof(GrainReference)))
            {
                AddReference(type);
            }
        }
    }

    public Serializer Serializer { get; }

    public DeepCopier Copier { get; }

    public CodecProvider Codecs { get; }

    public CopyContextPool CopyContexts { get; }

    public static GrainModel Of(IEnumerable<Assembly> assemblies)
    {
        Assembly[] all = [.. assemblies.Distinct()];
        return Models.GetOrAdd(string.Join(';', all.Select(assembly => assembly.FullName)), static (_, key) => new GrainModel(key), all);
    }

    public GrainKind Kind(GrainType type) => _kinds[type];

    /// <summary>The class behind an interface.</summary>
    /// <param name="interfaceType">As the caller sees the grain.</param>
    /// <param name="prefix">Of the class's full name, where several implement the interface.</param>
    public GrainKind Find(Type interfaceType, string? prefix)
    {
        var classes = _kinds.Values.Where(kind => kind.Class.IsAssignableTo(interfaceType) && (prefix is null || kind.IsNamed(prefix))).ToArray();
        return classes switch
        {
            [var only] => only,
            [] => throw new ArgumentException($"Could not find an implementation for interface {interfaceType.FullName}."),
            _ => throw new ArgumentException($"Unable to identify a single appropriate grain type for interface {interfaceType.FullName}."),
        };
    }

    /// <summary>Of the reference that is generated for the interface.</summary>
    public ConstructorInvoker Reference(Type interfaceType) =>
        _references.GetValueOrDefault(interfaceType) ?? throw new ArgumentException($"Orleans has generated no reference for {interfaceType.FullName}.");

    private static ServiceProvider Serializers(Assembly[] assemblies) => new ServiceCollection()
        .AddSerializer(serializer =>
        {
            serializer.AddAssembly(typeof(GrainReference).Assembly);
            foreach (var assembly in assemblies)
            {
                serializer.AddAssembly(assembly);
            }
        })
        .BuildServiceProvider();

    private void Add(GrainKind kind) => _kinds.Add(kind.Type, kind);

    private void AddReference(Type reference)
    {
        var constructor = reference.GetConstructor(
            BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, [typeof(GrainReferenceShared), typeof(IdSpan)]);
        if (constructor is not null && InterfaceOf(reference) is { } main)
        {
            _references[main] = ConstructorInvoker.Create(constructor);
        }
    }

    /// <summary>The one that has all the others.</summary>
    private static Type? InterfaceOf(Type reference)
    {
        var interfaces = reference.GetInterfaces().Where(type => type.IsAssignableTo(typeof(IAddressable))).ToArray();
        return Array.Find(interfaces, type => interfaces.All(other => other.IsAssignableFrom(type)));
    }
}
