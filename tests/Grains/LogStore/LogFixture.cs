using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>A store on a simulated disk whose work is done on the caller's thread.</summary>
internal sealed class LogFixture
{
    public const string Name = "log/0";

    private readonly LogStoreOptions _options;

    public LogFixture(LogStoreOptions? options = null)
    {
        _options = options ?? new LogStoreOptions { MinFreeBytes = 0 };
        Store = Start();
    }

    public ManualTimeProvider Time { get; } = new();

    public SimulatedDisk Disk { get; private set; } = new(new Random(1));

    public SegmentLogStore Store { get; private set; }

    public async Task<IWriteAheadLog> OpenAsync()
    {
        var opening = await Store.OpenAsync(Name, 0);
        Assert.Equal((LogResult.Ok, null), (opening.Result, opening.Fault));
        return opening.Log ?? throw new InvalidOperationException("An opened log is there.");
    }

    /// <summary>The process is killed and starts again.</summary>
    public void Kill() => Start(Disk.Kill());

    public void PowerCut() => Start(Disk.PowerCut());

    public async Task RestartAsync()
    {
        await Store.DisposeAsync();
        Kill();
    }

    public static LogBatch Batch(params long[] ids)
    {
        var batch = new LogBatch(256);
        foreach (var id in ids)
        {
            new TestRecord(id, (int)(id % 10), 20).AddTo(batch);
        }

        return batch;
    }

    public static async Task<long> AppendAsync(IWriteAheadLog log, params long[] ids)
    {
        var reply = await log.AppendAsync(Batch(ids));
        Assert.Equal((LogResult.Ok, null), (reply.Result, reply.Fault));
        return reply.FirstOffset;
    }

    /// <summary>Lets a snapshot without records stand for those below the offset, so that their segments go.</summary>
    public static async Task<LogReply> TrimAsync(IWriteAheadLog log, long below)
    {
        await using var snapshot = log.BeginSnapshot(below);
        return await snapshot.CommitAsync();
    }

    /// <summary>Every record that can be served, by its number, and every place that cannot.</summary>
    public static async Task<(List<(long Offset, long Id)> Records, List<ReadReply> Damages)> ReadAsync(IWriteAheadLog log, int pageSize = 4_096)
    {
        var page = new LogPage(pageSize);
        List<(long, long)> records = [];
        List<ReadReply> damages = [];
        for (var offset = log.FirstOffset; offset < log.NextOffset;)
        {
            var reply = await log.ReadAsync(offset, page);
            Assert.True(reply.NextOffset > offset);
            offset = reply.NextOffset;
            if (reply.Result == LogResult.Damaged)
            {
                damages.Add(reply);
            }
            else
            {
                Assert.Equal(LogResult.Ok, reply.Result);
            }

            if (reply.Result == LogResult.Ok)
            {
                foreach (var record in page)
                {
                    records.Add((record.Offset, TestRecord.Of(record).Id));
                }
            }
        }
        return (records, damages);
    }

    public static async Task<List<long>> ReadIdsAsync(IWriteAheadLog log)
    {
        var (records, damages) = await ReadAsync(log);
        Assert.Empty(damages);
        return [.. records.Select(record => record.Id)];
    }

    private void Start(SimulatedDisk disk)
    {
        Disk = disk;
        Store = Start();
    }

    private SegmentLogStore Start() => new(Disk, new InlineExecutor(), _options, Time, NullLogger<SegmentLogStore>.Instance);
}
