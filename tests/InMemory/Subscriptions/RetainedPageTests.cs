using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Subscriptions;

/// <summary>A client that subscribes to very much and takes it at once does not delay other clients.</summary>
public sealed class RetainedPageTests
{
    private const int PageMessages = 500;
    private const int Topics = (2 * PageMessages) + 1;

    /// <summary>
    /// The thread that reads asks for one page at most. How much of the following pages it also writes is open: what another thread has queued,
    /// the first one that wakes the writer sends.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(8)] // shards of fewer messages than a page
    public async Task OthersAreServedWhileThePagesOfAWideFilterGoOut(int shards)
    {
        var (reader, asked, askedByReader) = (0, 0, 0);
        var faults = new GrainFaults();
        await using var gateway = await InMemoryGateway.StartAsync(options => options.Grains.RetainShards = shards, faults: faults);
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < Topics; i++)
        {
            await publisher.PublishAsync($"t/{i}", "m", retain: true);
        }

        var wide = await ConnectAsync(gateway, "wide");
        var other = await ConnectAsync(gateway, "other");
        faults.Plan.Script = call =>
        {
            var isQuery = call.Method == "IRetainGrain.QueryAsync";
            Interlocked.Add(ref asked, isQuery ? 1 : 0);
            Interlocked.Add(ref askedByReader, isQuery && Environment.CurrentManagedThreadId == Volatile.Read(ref reader) ? 1 : 0);
            return null;
        };
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = await Task.Factory.StartNew(
            () =>
            {
                // this thread reads for both: what it writes itself goes out at once, what others write waits until the other client is served
                var self = Environment.CurrentManagedThreadId;
                Volatile.Write(ref reader, self);
                ((InlineTransport)wide.Transport).Taking = () => Environment.CurrentManagedThreadId == self ? Task.CompletedTask : served.Task;
                wide.Send(ClientPackets.Subscribe(1, "#"));
                var packets = wide.TakePackets();
                Assert.Equal(PacketType.Suback, packets[0].Type);
                other.Send(ClientPackets.Pingreq());
                Assert.Equal([PacketType.Pingresp], other.TakePackets().Select(packet => packet.Type));
                return packets.Count - 1;
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).OrStuck("the thread that reads");

        served.SetResult();
        for (var i = first; i < Topics; i++)
        {
            await wide.ExpectAsync(PacketType.Publish);
        }

        await wide.NothingMoreAsync();
        Assert.InRange(askedByReader, 0, 1);
        Assert.Equal(Math.Max(shards, 3), asked); // pages: three of one shard, or one of each
    }

    private static async Task<MemoryClient> ConnectAsync(InMemoryGateway gateway, string clientId)
    {
        var transport = new InlineTransport();
        var client = gateway.Open(transport);
        await client.ConnectAsync(clientId);
        await Stuck.UntilAsync(() => transport.IsAwaited, "the gateway to wait for the next packet");
        return client;
    }
}
