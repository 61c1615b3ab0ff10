using System.Diagnostics.Metrics;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Grains.Suites;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Grains;

public sealed class GrainMetricsTests
{
    [Fact]
    public async Task AmountsAndDropsAreMetered()
    {
        await using var cluster = new SimulatedGrainCluster(options =>
            (options.StoreShards, options.RetainShards, options.OfflineQueueMaxMessages, options.RetainedMaxMessages) = (1, 1, 2, 1));
        var measured = new Dictionary<string, long>();
        using var listener = Listen(cluster.Services.GetRequiredService<IMeterFactory>(), measured);
        var store = cluster.Client.GetGrain<ISessionStoreGrain>(0L);
        var opened = await store.AttachAsync(Sample.Key, Sample.Open(expiry: 60, will: "w"));
        await store.DetachAsync(Sample.Key, opened.Epoch, Sample.Close(60, WillAction.Arm));
        await store.QueueAsync(Sample.Batch(1, "1", "2", "3"));
        await store.QueueAsync(Sample.Batch(Sample.A, 2, "t/nobody", 1, "m"));
        await cluster.Client.GetGrain<IRetainGrain>(0L).SetAsync(
            new RetainBatch("t", Sample.A, 1, [new RetainEntry("a", [1], 0), new RetainEntry("b", [1], 0)]));
        listener.RecordObservableInstruments();

        Assert.Equal(1, measured["grainmq.sessions"]);
        Assert.Equal(2, measured["grainmq.queued.messages"]);
        Assert.True(measured["grainmq.queued.bytes"] > 2);
        Assert.Equal(1, measured["grainmq.wills.due"]);
        Assert.Equal(1, measured["grainmq.messages.dropped queue_full"]);
        Assert.Equal(1, measured["grainmq.messages.dropped no_session"]);
        Assert.Equal(1, measured["grainmq.retained.messages"]);
        Assert.Equal(1, measured["grainmq.retained.refused"]);
        Assert.Equal(1, measured["grainmq.shards.recovery.duration store"]);
        Assert.Equal(1, measured["grainmq.shards.recovery.duration retain"]);
    }

    [Theory]
    [InlineData(nameof(GrainOptions.StoreShards))]
    [InlineData(nameof(GrainOptions.GatewayLease))]
    [InlineData(nameof(GrainOptions.OfflineQueueMaxMessages))]
    public void OptionThatCannotWorkIsNamed(string name)
    {
        var options = new GrainOptions();
        Assert.Empty(options.Errors());
        var property = typeof(GrainOptions).GetProperty(name);
        property?.SetValue(options, property.PropertyType == typeof(TimeSpan) ? TimeSpan.Zero : 0);

        Assert.StartsWith(name, Assert.Single(options.Errors()));
    }

    private static MeterListener Listen(IMeterFactory meters, Dictionary<string, long> measured)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == GrainMetrics.MeterName && instrument.Meter.Scope == meters)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
        {
            var name = tags.Length == 0 ? instrument.Name : $"{instrument.Name} {tags[0].Value}";
            measured[name] = instrument.IsObservable ? value : measured.GetValueOrDefault(name) + value;
        });
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => // how often
        {
            var name = $"{instrument.Name} {tags[0].Value}";
            measured[name] = measured.GetValueOrDefault(name) + 1;
        });
        listener.Start();
        return listener;
    }
}
