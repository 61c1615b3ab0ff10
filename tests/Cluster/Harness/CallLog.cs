using System.Collections.Concurrent;

namespace GrainMQ.Tests.Cluster;

/// <summary>Every call that reaches a grain of ours, on the silos that it is added to.</summary>
internal sealed class CallLog : IIncomingGrainCallFilter
{
    private readonly ConcurrentQueue<Call> _calls = new();

    /// <summary>To a grain, in the order of their arrival.</summary>
    public IReadOnlyList<Call> To(IAddressable grain) => [.. _calls.Where(call => call.Grain == grain.GetGrainId())];

    /// <summary>How many have come to a method of a grain.</summary>
    public int Count(IAddressable grain, string method) => To(grain).Count(call => call.Method == method);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.Grain is not null && context.Grain.GetType().Assembly == typeof(GrainMQ.Grains.GrainOptions).Assembly)
        {
            _calls.Enqueue(new Call(context.TargetId, context.MethodName, context.Request.GetArgumentCount() == 0 ? null : context.Request.GetArgument(0)));
        }

        return context.Invoke();
    }

    /// <param name="Grain">Who was called.</param>
    /// <param name="Method">Which of its methods.</param>
    /// <param name="Argument">The first argument, as the grain gets it.</param>
    public sealed record Call(GrainId Grain, string Method, object? Argument);
}
