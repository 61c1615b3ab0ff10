using GrainMQ.Tests.Simulation;
using Orleans.Concurrency;

namespace GrainMQ.Tests.Grains.Simulation;

public abstract class Probe(Journal journal) : Grain, IProbeMethods
{
    private readonly string _instance = Guid.NewGuid().ToString();
    private int _count;
    private int _unsafe;
    private IGrainTimer? _timer;
    private Payload _kept = new("", [1, 2, 3]);

    private string Key => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        journal.Write($"{Key} activated");
        if (Is("fails-once") && journal.Count($"{Key} activated") == 1)
        {
            throw new InvalidDataException("not yet");
        }

        if (Is("slow-start"))
        {
            await journal.Gate("start");
        }

        if (Is("ends-at-once"))
        {
            DeactivateOnIdle();
        }

        if (Is("stops-at-start"))
        {
            cancellationToken.Register(() => journal.Write($"{Key} cancelled"));
            DeactivateOnIdle();
            await journal.Gate("never");
        }
        if (Is("self-start"))
        {
            await GrainFactory.GetGrain<IProbe>(Key).CountAsync();
        }
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (Is("calls-at-end"))
        {
            await GrainFactory.GetGrain<IProbe>("called-at-end").CountAsync();
        }

        if (Is("slow-end"))
        {
            await journal.Gate("end");
        }

        journal.Write($"{Key} deactivated {reason.ReasonCode}");
        if (Is("fails-end"))
        {
            throw new InvalidDataException("no end");
        }
    }

    public Task<int> CountAsync() => Task.FromResult(++_count);

    public Task<string> KeyAsync() => Task.FromResult($"{Key}#{_instance}");

    public async Task HoldAsync(string name)
    {
        journal.Write($"{name} began");
        await journal.Gate(name);
        journal.Write($"{name} ended");
    }

    public Task LeaveRunningAsync(string name)
    {
        _ = HoldAsync(name);
        return Task.CompletedTask;
    }

    public Task<int> PeekAsync() => Task.FromResult(_count);

    public Task HoldReadingAsync(string name) => HoldAsync(name);

    public Task<Payload> EchoAsync(Payload payload, byte[] bytes) => Task.FromResult(payload with { Bytes = bytes });

    public async Task ThrowAsync(string message)
    {
        await Task.Yield();
        throw new InvalidDataException(message);
    }

    public Task ThrowAtOnce(string message) => throw new InvalidDataException(message);

    public Task CancelAsync() => Task.FromCanceled(new CancellationToken(true));

    public async Task<int> CountUnsafelyAsync(int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            var before = _unsafe;
            Thread.SpinWait(20);
            _unsafe = before + 1;
            await Task.Yield();
        }
        return _unsafe;
    }

    public async Task<bool> ComesBackAsync()
    {
        var owner = TurnOwner.Running;
        await Task.Run(() => { });
        return owner is not null && TurnOwner.Running == owner;
    }

    public Task<string> RelayAsync(string[] path, bool interleave) => path.Length == 0 ? Task.FromResult(Key) : Next(path[0], path[1..], interleave);

    public Task<string> RelayInterleavedAsync(string[] path) => RelayAsync(path, interleave: false);

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task StartTimerAsync(ProbeTimer timer)
    {
        var options = new GrainTimerCreationOptions { DueTime = timer.Due, Period = timer.Period, Interleave = timer.Interleave, KeepAlive = timer.KeepAlive };
        _timer = this.RegisterGrainTimer(TickAsync, timer, options);
        return Task.CompletedTask;
    }

    public Task ChangeTimerAsync(TimeSpan due, TimeSpan period)
    {
        _timer?.Change(due, period);
        return Task.CompletedTask;
    }

    public Task StopTimerAsync()
    {
        _timer?.Dispose();
        return Task.CompletedTask;
    }

    public Task<Payload> StateAsync() => Task.FromResult(_kept);

    public Task KeepAsync(Payload payload)
    {
        _kept = payload;
        return Task.CompletedTask;
    }

    public Task ScribbleAsync()
    {
        _kept.Bytes[0]++;
        return Task.CompletedTask;
    }

    private bool Is(string kind) => Key.StartsWith(kind, StringComparison.Ordinal);

    private async Task TickAsync(ProbeTimer timer, CancellationToken stop)
    {
        journal.Write($"{timer.Name} tick");
        if (timer.Fails)
        {
            throw new InvalidDataException("tick");
        }

        if (timer.Name.StartsWith("held", StringComparison.Ordinal))
        {
            await journal.Gate(timer.Name);
        }

        journal.Write(stop.IsCancellationRequested ? $"{timer.Name} stopped" : $"{timer.Name} tock");
    }

    /// <summary>"r:" names a reentrant grain.</summary>
    private Task<string> Next(string key, string[] path, bool interleave)
    {
        IProbeMethods next = key.StartsWith("r:", StringComparison.Ordinal) ? GrainFactory.GetGrain<IReentrantProbe>(key) : GrainFactory.GetGrain<IProbe>(key);
        return interleave && path.Length == 0 ? next.RelayInterleavedAsync(path) : next.RelayAsync(path, interleave);
    }
}

public sealed class ProbeGrain(Journal journal) : Probe(journal), IProbe;

[Reentrant]
public sealed class ReentrantGrain(Journal journal) : Probe(journal), IReentrantProbe;

[CollectionAgeLimit(Minutes = 10)]
internal sealed class NumberedGrain(Journal journal, string prefix = "n") : Grain, INumbered
{
    public Task<long> KeyAsync() => Task.FromResult(this.GetPrimaryKeyLong());

    public Task<string> KeyStringAsync() => Task.FromResult(prefix + this.GetGrainId().Key);

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        journal.Write($"numbered deactivated {reason.ReasonCode}");
        return Task.CompletedTask;
    }
}
