using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static GrainMQ.Tests.Grains.LogStore.LogFixture;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>The faults that other tests build on do what they say.</summary>
public sealed class FaultyLogStoreTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task SlowDiskAnswersWhenItsTimeHasCome()
    {
        var log = await OpenAsync(new LogFaults { Script = point => point is { Operation: "Append", IsDone: true } ? LogFaultKind.Delay : null });
        var append = log.AppendAsync(Batch(1)).AsTask();
        Assert.False(append.IsCompleted);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LogResult.Ok, (await append).Result);
    }

    [Fact]
    public async Task CrashGetsNoAnswerAndSaysWhere()
    {
        LogFaultPoint? crashed = null;
        var log = await OpenAsync(new LogFaults
        {
            Script = point => point is { Operation: "Append", IsDone: true } ? LogFaultKind.Crash : null, Crashed = point => crashed = point,
        });
        var append = log.AppendAsync(Batch(1));
        Assert.False(append.IsCompleted);
        Assert.Equal(new LogFaultPoint(Name, "Append", true, 4), crashed);
        Assert.Equal(1, log.NextOffset);
    }

    [Fact]
    public async Task FailedLogStaysFailed()
    {
        var left = 1;
        var log = await OpenAsync(new LogFaults { Script = point => point.Operation == "Append" && left-- > 0 ? LogFaultKind.Failed : null });
        Assert.Equal(LogResult.Failed, (await log.AppendAsync(Batch(1))).Result);
        Assert.Equal(LogResult.Failed, (await log.AppendAsync(Batch(2))).Result);
        Assert.Equal(0, log.NextOffset);
    }

    [Fact]
    public async Task SameSeedBringsTheSameFaults()
    {
        Assert.Equal(await FaultsAsync(3), await FaultsAsync(3));
        Assert.NotEqual(await FaultsAsync(3), await FaultsAsync(4));
    }

    private async Task<List<string>> FaultsAsync(int seed)
    {
        List<string> injected = [];
        var log = await OpenAsync(new LogFaults { Seed = seed, Full = 0.3, Script = point => point.Operation == "Open" ? LogFaultKind.None : null,
            Injected = (point, kind) => injected.Add($"{point} {kind}") });
        for (var id = 0; id < 50; id++)
        {
            await log.AppendAsync(Batch(id));
        }

        return injected;
    }

    private async Task<IWriteAheadLog> OpenAsync(LogFaults faults)
    {
        var memory = MemoryLogStore.Create(new LogStoreOptions(), _time, NullLogger<SegmentLogStore>.Instance);
        var opening = await new FaultyLogStore(memory, faults, _time).OpenAsync(Name, 0);
        return Assert.IsAssignableFrom<IWriteAheadLog>(opening.Log);
    }
}
