using Orleans.CodeGeneration;

namespace GrainMQ.Tests.Simulation;

/// <summary>Makes the references that Orleans has generated, bound to one cluster.</summary>
internal sealed class GrainReferences(GrainModel model, IServiceProvider services, IGrainReferenceRuntime runtime)
{
    private readonly Dictionary<(Type Interface, GrainType Type), GrainReferenceShared> _shared = [];

    public GrainName NameOf(GrainId id) => new(model.Kind(id.Type), id);

    /// <inheritdoc cref="GrainModel.Find"/>
    public IAddressable Refer(Type interfaceType, IdSpan key, string? prefix) =>
        Refer(interfaceType, GrainId.Create(model.Find(interfaceType, prefix).Type, key));

    public IAddressable Refer(Type interfaceType, GrainId id) =>
        (IAddressable)(model.Reference(interfaceType).Invoke(Shared(interfaceType, id.Type), id.Key)
            ?? throw new InvalidOperationException("A constructor returned null."));

    private GrainReferenceShared Shared(Type interfaceType, GrainType type)
    {
        lock (_shared)
        {
            if (!_shared.TryGetValue((interfaceType, type), out var shared))
            {
                _shared[(interfaceType, type)] = shared = new GrainReferenceShared(
                    type, GrainInterfaceType.Create(interfaceType.FullName ?? interfaceType.Name), 0, runtime, InvokeMethodOptions.None,
                    model.Codecs, model.CopyContexts, services);
            }

            return shared;
        }
    }
}
