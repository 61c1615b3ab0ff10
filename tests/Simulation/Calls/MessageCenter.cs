using Orleans.CodeGeneration;
using Orleans.Serialization.Invocation;

namespace GrainMQ.Tests.Simulation;

/// <summary>The way of every call: from the caller through the faults to an activation, and of its answer back.</summary>
internal sealed class MessageCenter
{
    private readonly SimulatedCluster _cluster;
    private readonly SimulatedClusterOptions _options;
    private readonly Wire _wire;
    private readonly CallWatch? _watch;
    private readonly FaultInjector? _faults;
    private readonly List<Call> _unanswered = [];
    private long _calls;

    public MessageCenter(SimulatedCluster cluster, GrainModel model)
    {
        var options = cluster.Options;
        (_cluster, _options) = (cluster, options);
        _wire = new Wire(model, options.IsSerialized);
        _watch = options.Paranoid ? new CallWatch() : null;
        _faults = options.Faults is null ? null : new FaultInjector(cluster, this, options.Faults);
    }

    public TimeSpan CallTimeout => _options.CallTimeout;

    /// <summary>Nothing is called any more.</summary>
    public bool IsStopped { get; set; }

    public void Send(GrainName target, IInvokable request, InvokeMethodOptions options, Action<Response>? complete)
    {
        var caller = CurrentActivation.Value;
        var call = new Call(this, target, request, _wire.Send(request), options, complete) { Number = Interlocked.Increment(ref _calls), Caller = caller };
        lock (_cluster.Gate)
        {
            if (caller is { IsLost: true })
            {
                return; // a dead process makes no calls
            }

            if (!call.IsOneWay)
            {
                Await(call);
            }
        }
        _cluster.Trace.Call($"{call} by {TurnOwner.Running?.Name ?? "a client"}");
        _watch?.Sent(call);
        if (IsStopped)
        {
            Fail(call, new SiloUnavailableException("The local Orleans host is shutting down and can no longer process the request."));
        }
        else if (_faults is null)
        {
            Deliver(call);
        }
        else
        {
            _faults.Send(call);
        }
    }

    /// <summary>To the activation that answers for the grain; a new one if there is none.</summary>
    public void Deliver(Call call)
    {
        lock (_cluster.Gate)
        {
            if (call.IsAnswered)
            {
                return; // it has come too late
            }

            if ((_cluster.Seconds.Choose(call) ?? _cluster.Catalog.GetOrCreate(call.Target)) is not { } activation)
            {
                Fail(call, new SiloUnavailableException($"No silo is left for message: {call}."));
                return;
            }
            call.Activation = activation;
            activation.Receive(call);
        }
    }

    /// <summary>Waited at an activation that has ended: the next one gets it.</summary>
    public void Forward(Call call, Exception? why)
    {
        if (why is null && call.TryForward())
        {
            Deliver(call);
        }
        else
        {
            Fail(call, why ?? Rejection.Of($"Forwarding failed: tried to forward message {call} to an invalid activation. Rejecting now."));
        }
    }

    /// <summary>The grain has done it.</summary>
    public void Returned(Call call, Response response)
    {
        if (call.IsOneWay)
        {
            return;
        }

        var copy = _wire.Return(response);
        _watch?.Returned(call, copy);
        if (call.AnswerFault is { } met)
        {
            _faults?.Answer(call, copy, met.Fault, met.Call);
        }
        else
        {
            Answer(call, copy);
        }
    }

    public void Fail(Call call, Exception why) => Answer(call, Response.FromException(why));

    /// <summary>The first answer counts. It reaches the caller as something that happens by itself, never inside a turn of the grain.</summary>
    public void Answer(Call call, Response response)
    {
        lock (_cluster.Gate)
        {
            if (call.IsAnswered)
            {
                return;
            }

            call.IsAnswered = true;
            _unanswered.Remove(call);
            if (call.Caller is { IsLost: true })
            {
                return;
            }

            _cluster.Queue.Add($"answer {call.Number} {response.Exception?.GetType().Name}", () => call.Complete(response));
        }
    }

    /// <summary>What lost activations were asked is not answered by them any more, and their own calls have no caller. Under the gate.</summary>
    public void Lose()
    {
        _unanswered.RemoveAll(call => call.Caller is { IsLost: true });
        foreach (var call in _unanswered.Where(call => call.Activation is { IsLost: true }).ToArray())
        {
            Fail(call, new SiloUnavailableException($"The target silo became unavailable for message: {call}."));
        }
    }

    /// <summary>Fails every call that is under way.</summary>
    public void Stop()
    {
        lock (_cluster.Gate)
        {
            IsStopped = true;
            foreach (var call in _unanswered.ToArray())
            {
                Fail(call, new SiloUnavailableException("The local Orleans host is shutting down and can no longer process the request."));
            }
        }
    }

    public void Verify() => _watch?.Verify();

    private void Await(Call call)
    {
        _unanswered.Add(call);
        _cluster.Deadlines.Add(call, call.Timeout);
    }
}
