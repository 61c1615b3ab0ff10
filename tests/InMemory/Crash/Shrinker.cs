namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>Looks for a shorter round that fails as well: fewer steps, then fewer clients and kinds of faults.</summary>
internal sealed class Shrinker(CrashPlan plan, CrashFailure failure)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly long _start = Environment.TickCount64;
    private CrashPlan _plan = plan;

    public CrashFailure Shortest { get; private set; } = failure;

    private bool HasTime => Environment.TickCount64 - _start < Patience.TotalMilliseconds;

    public async Task RunAsync()
    {
        await TryAsync(_plan with { Steps = Math.Min(_plan.Steps, Shortest.Step + 1) });
        foreach (var fault in Enum.GetValues<CrashFault>())
        {
            await TryAsync(_plan with { Without = new HashSet<CrashFault>(_plan.Without) { fault } });
        }

        for (var size = _plan.Steps / 2; size > 0 && HasTime; size /= 2)
        {
            for (var start = 0; start < _plan.Steps && HasTime; start += size)
            {
                var skipped = _plan.Skipped.Concat(Enumerable.Range(start, Math.Min(size, _plan.Steps - start))).ToHashSet();
                if (skipped.Count > _plan.Skipped.Count)
                {
                    await TryAsync(_plan with { Skipped = skipped });
                }
            }
        }

        for (var clients = 1; clients < _plan.Clients && HasTime; clients++)
        {
            await TryAsync(_plan with { Clients = clients });
        }
    }

    private async Task TryAsync(CrashPlan smaller)
    {
        if (HasTime && await CrashFailure.OfAsync(smaller) is { } failure && failure.Kind == Shortest.Kind)
        {
            (_plan, Shortest) = (smaller, failure);
        }
    }
}
