using Orleans.CodeGeneration;
using Orleans.Serialization.Invocation;

namespace GrainMQ.Tests.Simulation;

/// <summary>Where the references that Orleans generates hand over their calls.</summary>
internal sealed class ReferenceRuntime(SimulatedCluster cluster) : IGrainReferenceRuntime
{
    // Driven, a caller goes on in the turn of the answer. Otherwise it is code of the thread pool, and must not run inside the simulation.
    private readonly TaskCreationOptions _options =
        cluster.Options.IsDriven ? TaskCreationOptions.None : TaskCreationOptions.RunContinuationsAsynchronously;

    public ValueTask<T?> InvokeMethodAsync<T>(GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        var answer = new TaskCompletionSource<T?>(_options);
        cluster.Messages.Send(cluster.References.NameOf(reference.GrainId), request, options, response => Complete(answer, response));
        return new ValueTask<T?>(answer.Task);
    }

    public ValueTask InvokeMethodAsync(GrainReference reference, IInvokable request, InvokeMethodOptions options)
    {
        var answer = new TaskCompletionSource<object?>(_options);
        cluster.Messages.Send(cluster.References.NameOf(reference.GrainId), request, options, response => Complete(answer, response));
        return new ValueTask(answer.Task);
    }

    public void InvokeMethod(GrainReference reference, IInvokable request, InvokeMethodOptions options) =>
        cluster.Messages.Send(cluster.References.NameOf(reference.GrainId), request, options, null);

    public object Cast(IAddressable grain, Type interfaceType) =>
        interfaceType.IsInstanceOfType(grain) && grain is GrainReference ? grain : cluster.References.Refer(interfaceType, grain.GetGrainId());

    private static void Complete<T>(TaskCompletionSource<T?> answer, Response response)
    {
        switch (response.Exception)
        {
            case null:
                answer.TrySetResult(response.GetResult<T>());
                break;
            case OperationCanceledException cancelled:
                answer.TrySetCanceled(cancelled.CancellationToken);
                break;
            case { } failed:
                answer.TrySetException(failed);
                break;
        }
    }
}
