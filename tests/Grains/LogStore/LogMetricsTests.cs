using System.Diagnostics.Metrics;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Testing.LogStore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.LogStore;

public sealed class LogMetricsTests : IDisposable
{
    private const string Name = "sessions/0";

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private readonly Dictionary<string, double> _measured = [];
    private readonly ManualTimeProvider _time = new();
    private readonly LogMetrics _metrics;
    private SimulatedDisk _disk = new(new Random(1));

    public LogMetricsTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == LogMetrics.MeterName && instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _listener.Start();
        _metrics = new LogMetrics(meters);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task WhatALogWritesAndTakesIsMetered()
    {
        var log = await OpenAsync();
        _disk.Fault = (operation, _) =>
        {
            if (operation == DiskOperation.Flush)
            {
                _time.Advance(TimeSpan.FromMilliseconds(5));
            }

            return null;
        };
        var batch = LogFixture.Batch(1, 2, 3);
        await log.AppendAsync(batch);

        Assert.Equal(3, _measured["grainmq.log.appended.records"]);
        Assert.Equal(batch.Bytes, _measured["grainmq.log.appended.bytes"]);
        Assert.Equal(0.005, _measured["grainmq.log.fsync.duration"], 6);
        _listener.RecordObservableInstruments();
        Assert.Equal((1, 0), (_measured["grainmq.log.segments"], _measured["grainmq.log.full"]));
        Assert.Equal(48 + batch.Bytes, _measured["grainmq.log.bytes"]); // the header of the file, and the block
    }

    [Fact]
    public async Task FullDiskIsOneAndThenZeroAgain()
    {
        var log = await OpenAsync();
        _disk.Capacity = 0;
        Assert.Equal(LogResult.Full, (await log.AppendAsync(LogFixture.Batch(1))).Result);
        _listener.RecordObservableInstruments();
        Assert.Equal(1, _measured["grainmq.log.full"]);

        _disk.Capacity = long.MaxValue;
        await LogFixture.AppendAsync(log, 1);
        _listener.RecordObservableInstruments();
        Assert.Equal(0, _measured["grainmq.log.full"]);
    }

    [Fact]
    public async Task WhatARecoveryCutsAndWhatIsDamagedIsCounted()
    {
        var log = await OpenAsync();
        await LogFixture.AppendAsync(log, 1);
        await LogFixture.AppendAsync(log, 2);
        var file = _disk.Files().Single(file => file.EndsWith(".segment", StringComparison.Ordinal));
        _disk.SetContents(file, _disk.Contents(file)[..^1]); // the last append is torn
        _disk = _disk.Kill();
        log = await OpenAsync();
        Assert.InRange(_measured["grainmq.log.lost.bytes cut_tail"], 56, 1_000);
        Assert.DoesNotContain("grainmq.log.lost.bytes damaged", _measured.Keys);

        _disk = _disk.Kill();
        var bytes = _disk.Contents(file);
        bytes[110] ^= 1; // in the first record; what follows is the index
        _disk.SetContents(file, bytes);
        log = await OpenAsync();
        var (_, damages) = await LogFixture.ReadAsync(log);
        var counted = _measured["grainmq.log.lost.bytes damaged"];
        await LogFixture.ReadAsync(log);
        Assert.Single(damages);
        Assert.InRange(counted, 56, 1_000);
        Assert.Equal(counted, _measured["grainmq.log.lost.bytes damaged"]); // once, however often it is read
    }

    private async Task<IWriteAheadLog> OpenAsync()
    {
        var store = new SegmentLogStore(
            _disk, new InlineExecutor(), new LogStoreOptions { MinFreeBytes = 0 }, _time, NullLogger<SegmentLogStore>.Instance, _metrics);
        return (await store.OpenAsync(Name, 0)).Log ?? throw new InvalidOperationException("It did not open.");
    }

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        Assert.Equal((object?)Name, tags[0].Value);
        var name = tags.Length == 1 ? instrument.Name : $"{instrument.Name} {tags[1].Value}";
        _measured[name] = instrument.IsObservable ? value : _measured.GetValueOrDefault(name) + value;
    }
}
