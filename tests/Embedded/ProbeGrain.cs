using Orleans;
using Orleans.Concurrency;
using Orleans.Runtime;

namespace GrainMQ.Tests.Embedded;

/// <summary>A grain that does whatever a test asks for.</summary>
public interface IProbeMethods : IGrainWithStringKey
{
    Task<int> CountAsync();

    Task<string> KeyAsync();

    /// <summary>Writes "{name} began", waits for the gate, writes "{name} ended".</summary>
    Task HoldAsync(string name);

    /// <summary>Holds without anybody who awaits it.</summary>
    Task LeaveRunningAsync(string name);

    [AlwaysInterleave] Task<int> PeekAsync();

    Task<T1AndT2> EchoAsync(T1AndT2 both, byte[] bytes);

    Task ThrowAsync(string message);

    Task ThrowAtOnce(string message);

    Task CancelAsync();

    Task<string> ThreadUnsafeAsync(int rounds);

    Task<string> ContextAsync();

    Task<int> ThreadAsync();

    /// <summary>Calls along the path of keys; the last answers.</summary>
    Task<string> RelayAsync(string[] path, bool interleave);

    [AlwaysInterleave] Task<string> RelayInterleavedAsync(string[] path);

    Task DeactivateAsync();

    Task StartTimerAsync(string name, TimeSpan due, TimeSpan period, bool interleave, bool keepAlive, bool fails);

    Task ChangeTimerAsync(TimeSpan due, TimeSpan period);

    Task StopTimerAsync();

    Task<object> SendToAsync(IProbeObserver observer, string text);

    Task<byte[]> StateAsync();

    Task KeepAsync(byte[] bytes);

    Task ScribbleAsync();
}

public interface IProbe : IProbeMethods;

public interface IReentrantProbe : IProbeMethods;

public sealed record T1AndT2(string One, int Two);

public interface IProbeObserver : IGrainObserver
{
    Task<string> ReceiveAsync(string text);
}

public abstract class Probe(Journal journal) : Grain, IProbeMethods
{
    private static int s_instances;

    private readonly int _instance = Interlocked.Increment(ref s_instances);
    private int _count;
    private int _unsafe;
    private IGrainTimer? _timer;
    private byte[] _kept = [1, 2, 3];

    private string Key => this.GetPrimaryKeyString();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        journal.Write($"{Key} activated");
        if (Key.StartsWith("fails-once", StringComparison.Ordinal) && journal.Count($"{Key} activated") == 1) throw new InvalidDataException("not yet");
        if (Key.StartsWith("slow-start", StringComparison.Ordinal)) await journal.Gate("start");
        if (Key.StartsWith("ends-at-once", StringComparison.Ordinal)) DeactivateOnIdle();
        if (Key.StartsWith("self-start", StringComparison.Ordinal)) await GrainFactory.GetGrain<IProbe>(Key).CountAsync();
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (Key.StartsWith("calls-at-end", StringComparison.Ordinal)) await GrainFactory.GetGrain<IProbe>("called-at-end").CountAsync();
        if (Key.StartsWith("stuck-end", StringComparison.Ordinal)) await journal.Gate("never");
        journal.Write($"{Key} deactivated {reason.ReasonCode}");
        if (Key.StartsWith("fails-end", StringComparison.Ordinal)) throw new InvalidDataException("no end");
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

    public Task<T1AndT2> EchoAsync(T1AndT2 both, byte[] bytes) => Task.FromResult(both with { Two = both.Two + bytes.Length });

    public async Task ThrowAsync(string message)
    {
        await Task.Yield();
        throw new InvalidDataException(message);
    }

    public Task ThrowAtOnce(string message) => throw new InvalidDataException(message);

    public Task CancelAsync() => Task.FromCanceled(new CancellationToken(true));

    /// <summary>Loses increments if two turns ever run at once.</summary>
    public async Task<string> ThreadUnsafeAsync(int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            var before = _unsafe;
            Thread.SpinWait(20);
            _unsafe = before + 1;
            await Task.Yield();
        }
        return _unsafe.ToString();
    }

    public async Task<string> ContextAsync()
    {
        var before = SynchronizationContext.Current;
        await Task.Run(() => { }); // comes back from a pool thread
        return before is not null && SynchronizationContext.Current == before ? "same" : "lost";
    }

    public Task<int> ThreadAsync() => Task.FromResult(Environment.CurrentManagedThreadId);

    public Task<string> RelayAsync(string[] path, bool interleave) =>
        path.Length == 0 ? Task.FromResult(Key) : Next(path[0], path[1..], interleave);

    public Task<string> RelayInterleavedAsync(string[] path) => RelayAsync(path, interleave: false);

    public Task DeactivateAsync()
    {
        DeactivateOnIdle();
        return Task.CompletedTask;
    }

    public Task StartTimerAsync(string name, TimeSpan due, TimeSpan period, bool interleave, bool keepAlive, bool fails)
    {
        _timer = this.RegisterGrainTimer(
            async (text, cancellation) =>
            {
                journal.Write($"{text} tick");
                if (fails) throw new InvalidDataException("tick");
                if (text.StartsWith("held", StringComparison.Ordinal)) await journal.Gate(text).WaitAsync(cancellation);
                journal.Write($"{text} tock");
            },
            name,
            new GrainTimerCreationOptions { DueTime = due, Period = period, Interleave = interleave, KeepAlive = keepAlive });
        return Task.CompletedTask;
    }

    public Task ChangeTimerAsync(TimeSpan due, TimeSpan period)
    {
        _timer!.Change(due, period);
        return Task.CompletedTask;
    }

    public Task StopTimerAsync()
    {
        _timer!.Dispose();
        return Task.CompletedTask;
    }

    public async Task<object> SendToAsync(IProbeObserver observer, string text) => await observer.ReceiveAsync(text);

    public Task<byte[]> StateAsync() => Task.FromResult(_kept);

    public Task KeepAsync(byte[] bytes)
    {
        _kept = bytes;
        return Task.CompletedTask;
    }

    public Task ScribbleAsync()
    {
        _kept[0]++;
        return Task.CompletedTask;
    }

    private Task<string> Next(string key, string[] path, bool interleave)
    {
        // "r:" names a reentrant grain
        IProbeMethods next = key.StartsWith("r:", StringComparison.Ordinal) ? GrainFactory.GetGrain<IReentrantProbe>(key) : GrainFactory.GetGrain<IProbe>(key);
        return interleave && path.Length == 0 ? next.RelayInterleavedAsync(path) : next.RelayAsync(path, interleave);
    }
}

public sealed class ProbeGrain(Journal journal) : Probe(journal), IProbe;

[Reentrant]
public sealed class ReentrantGrain(Journal journal) : Probe(journal), IReentrantProbe;

public interface INumbered : IGrainWithIntegerKey
{
    Task<long> KeyAsync();

    Task<string> KeyStringAsync();
}

[CollectionAgeLimit(Minutes = 10)]
internal sealed class NumberedGrain(Journal journal, string prefix = "n") : Grain, INumbered
{
    public Task<long> KeyAsync() => Task.FromResult(this.GetPrimaryKeyLong());

    public Task<string> KeyStringAsync() => Task.FromResult(prefix + this.GetPrimaryKeyString());

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        journal.Write($"numbered deactivated {reason.ReasonCode}");
        return Task.CompletedTask;
    }
}
