using BenchmarkDotNet.Attributes;
using GrainMQ.Silo.Embedded;
using Microsoft.Extensions.DependencyInjection;

namespace GrainMQ.Tests.Benchmarks.Embedded;

/// <summary>
/// What one grain call costs on the embedded engine. The baseline is the least that leaving the caller's thread and coming back can cost.
/// Targets on one core: 1 µs and 300 B a call, the grain's own result task included. A short run measures code that is not optimised yet:
/// <c>DOTNET_TieredCompilation=0 taskset -c 0 dotnet GrainMQ.Tests.Benchmarks.dll --filter *EngineBenchmark* --inProcess -j short</c>.
/// </summary>
[MemoryDiagnoser]
public class EngineBenchmark
{
    private const int Calls = 1_024;
    private const int Outstanding = 64;

    private readonly Task<long>[] _calls = new Task<long>[Outstanding];
    private ServiceProvider _services = null!; // set by Setup
    private ICounterGrain _grain = null!; // set by Setup

    [GlobalSetup]
    public void Setup()
    {
        _services = new ServiceCollection().AddEmbeddedGrains(typeof(CounterGrain).Assembly).BuildServiceProvider();
        _grain = _services.GetRequiredService<EmbeddedCluster>().GetGrain<ICounterGrain>("a");
    }

    [GlobalCleanup]
    public ValueTask Cleanup() => _services.DisposeAsync();

    [Benchmark(Baseline = true, OperationsPerInvoke = Calls)]
    public async Task<long> PoolRoundTrip()
    {
        var sum = 0L;
        for (var i = 0; i < Calls; i++) sum += await Task.Run(static () => 1L);
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task<long> Call()
    {
        var sum = 0L;
        for (var i = 0; i < Calls; i++) sum = await _grain.AddAsync(1);
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public Task<long> WaitingCalls() => ManyAsync(static grain => grain.AddAsync(1));

    [Benchmark(OperationsPerInvoke = Calls)]
    public Task<long> InterleavedCalls() => ManyAsync(static grain => grain.PeekAsync(1));

    [Benchmark(OperationsPerInvoke = Calls)]
    public async Task<long> CallThatYields()
    {
        var sum = 0L;
        for (var i = 0; i < Calls; i++) sum = await _grain.YieldAsync(1);
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Calls)]
    public Task<long> CallBetweenGrains() => _grain.CallAsync("b", Calls);

    private async Task<long> ManyAsync(Func<ICounterGrain, Task<long>> call)
    {
        var sum = 0L;
        for (var i = 0; i < Calls; i += Outstanding)
        {
            for (var k = 0; k < Outstanding; k++) _calls[k] = call(_grain);
            for (var k = 0; k < Outstanding; k++) sum = await _calls[k];
        }
        return sum;
    }
}
