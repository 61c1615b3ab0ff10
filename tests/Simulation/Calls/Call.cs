using Orleans.CodeGeneration;
using Orleans.Serialization.Invocation;

namespace GrainMQ.Tests.Simulation;

/// <summary>A request to a grain, on its way, in an activation, or answered.</summary>
/// <param name="center">Where it was sent.</param>
/// <param name="target">The grain that it calls.</param>
/// <param name="description">Only to be looked at.</param>
/// <param name="message">What the grain gets, anew at every call.</param>
/// <param name="options">As the interface says.</param>
/// <param name="complete">Gives the caller its answer; null: no answer is wanted.</param>
internal sealed class Call(
    MessageCenter center, GrainName target, IInvokable description, Func<IInvokable> message, InvokeMethodOptions options, Action<Response>? complete)
    : Request, IExpiring
{
    /// <summary>After so many ended activations a call is refused.</summary>
    private const int MaximumForwards = 2;

    private int _forwards;

    /// <summary>How many-th call of the cluster.</summary>
    public long Number { get; init; }

    /// <summary>The activation that called; null: one outside of grains.</summary>
    public Activation? Caller { get; init; }

    public GrainName Target => target;

    public IInvokable Description => description;

    public string Method => $"{description.GetInterfaceType().Name}.{description.GetMethodName()}";

    public TimeSpan Timeout => description.GetDefaultResponseTimeout() ?? center.CallTimeout;

    public bool IsOneWay => complete is null;

    /// <summary>Where it waits or runs.</summary>
    public Activation? Activation { get; set; }

    /// <summary>What is done to its answer; null: nothing.</summary>
    public (CallFault Fault, FaultyCall Call)? AnswerFault { get; set; }

    /// <summary>The answer is decided. Guarded by the gate.</summary>
    public bool IsAnswered { get; set; }

    public override bool Interleaves => options.HasFlag(InvokeMethodOptions.AlwaysInterleave);

    public override bool IsReadOnly => options.HasFlag(InvokeMethodOptions.ReadOnly);

    public override bool IsOver => IsAnswered;

    /// <summary>The same once more, without an answer.</summary>
    public Call Double() => new(center, target, description, message, options, null) { Number = Number, Caller = Caller };

    /// <returns>False: it has met too many activations that ended before its turn.</returns>
    public bool TryForward() => _forwards++ < MaximumForwards;

    public void Complete(Response response) => complete?.Invoke(response);

    public void Expire() => center.Answer(this, Response.FromException(new TimeoutException(
        $"Response did not arrive on time in {Timeout} for message: {this}.")));

    public override ValueTask<Response> InvokeAsync(Activation activation)
    {
        var request = message();
        request.SetTarget(activation);
        return request.Invoke();
    }

    public override void End(Response response) => center.Returned(this, response);

    public override string ToString() => $"{Number} {Method} to {target}";
}
