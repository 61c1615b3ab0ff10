using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Grains;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Cluster.Failures;

/// <summary>
/// A silo that stops waits for the calls of its grains. The grains' clock stands still here: a call that hangs ends because its silo
/// stops, or never.
/// </summary>
public sealed class SiloStopTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();
    private GrainCluster? _cluster;

    private GrainCluster Cluster => _cluster ?? throw new InvalidOperationException("Not started.");

    private ISessionStoreGrain Store => Cluster.Client.GetGrain<ISessionStoreGrain>(0L);

    public async ValueTask InitializeAsync() => _cluster = await GrainCluster.StartAsync(2, configure: silo =>
    {
        silo.Services.AddSingleton<TimeProvider>(_time);
        silo.Services.AddKeyedSingleton(KeyedService.AnyKey, TimeProvider.System); // the clocks of Orleans itself
    });

    public ValueTask DisposeAsync() => Cluster.DisposeAsync();

    [Fact]
    public async Task HangingPollsEndAndTheShardIsOnAnotherSilo() // I11
    {
        var opened = await Store.AttachAsync(Sample.Key, Sample.Open(expiry: 600));
        var (a, b) = (await Store.PollAsync(Sample.Poll()), await Store.PollAsync(Sample.Poll(Sample.B)));
        Task<StorePollReply>[] hanging =
            [Store.PollAsync(Sample.Poll(last: a, wait: 10_000)), Store.PollAsync(Sample.Poll(Sample.B, last: b, wait: 10_000))];
        await Stuck.UntilAsync(() => _time.ArmedTimers == hanging.Length, "the polls");

        var took = await Cluster.StopAsync(Cluster.HostOf(Store));

        var replies = await Task.WhenAll(hanging).OrStuck("the polls' answers");
        Assert.All(replies, reply => Assert.Equal((a.ShardEpoch, a.Version), (reply.ShardEpoch, reply.Version)));
        Assert.Equal(opened.Epoch, (await Store.GetInfoAsync(Sample.Key)).Epoch);
        Assert.True((await Store.PollAsync(Sample.Poll())).ShardEpoch > a.ShardEpoch);
        TestContext.Current.TestOutputHelper?.WriteLine($"The silo stopped in {took.TotalSeconds:F2} s.");
    }

    [Fact]
    public async Task HangingPresetIsBusy()
    {
        var subscriptions = new PresetRequest([Sample.Subscription("a")], 600);
        await Store.PollAsync(Sample.Poll(live: [Sample.A])); // from here on a preset waits for what this gateway acknowledges
        var hanging = Store.PresetAsync(Sample.Key, subscriptions);
        await Stuck.UntilAsync(() => _time.ArmedTimers == 1, "the preset");

        await Cluster.StopAsync(Cluster.HostOf(Store));

        Assert.Equal(SessionResult.Busy, await hanging.OrStuck("the preset's answer"));
        Assert.True((await Store.GetInfoAsync(Sample.Key)).Exists); // it is stored, and the caller says it again
    }
}
