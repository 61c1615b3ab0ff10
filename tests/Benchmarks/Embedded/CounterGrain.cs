using Orleans;
using Orleans.Concurrency;

namespace GrainMQ.Tests.Benchmarks.Embedded;

public interface ICounterGrain : IGrainWithStringKey
{
    Task<long> AddAsync(long amount);

    [AlwaysInterleave] Task<long> PeekAsync(long amount);

    /// <summary>Goes away and comes back once.</summary>
    Task<long> YieldAsync(long amount);

    /// <summary>Calls another grain so many times, one after the other.</summary>
    Task<long> CallAsync(string other, int times);
}

public sealed class CounterGrain : Grain, ICounterGrain
{
    private long _sum;

    public Task<long> AddAsync(long amount) => Task.FromResult(_sum += amount);

    public Task<long> PeekAsync(long amount) => Task.FromResult(_sum + amount);

    public async Task<long> YieldAsync(long amount)
    {
        await Task.Yield();
        return _sum += amount;
    }

    public async Task<long> CallAsync(string other, int times)
    {
        var grain = GrainFactory.GetGrain<ICounterGrain>(other);
        for (var i = 0; i < times; i++) _sum = await grain.AddAsync(1);
        return _sum;
    }
}
