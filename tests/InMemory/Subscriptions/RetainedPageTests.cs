using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Subscriptions;

/// <summary>A client that subscribes to very much and takes it at once does so at nobody else's expense.</summary>
public sealed class RetainedPageTests
{
    private const int PageMessages = 500;
    private const int Topics = (2 * PageMessages) + 1;

    [Fact]
    public async Task OthersAreServedWhileThePagesOfAWideFilterGoOut()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var publisher = await gateway.ConnectAsync("p");
        for (var i = 0; i < Topics; i++)
        {
            await publisher.PublishAsync($"t/{i}", "m", retain: true);
        }

        var wide = await ConnectAsync(gateway, "wide");
        var other = await ConnectAsync(gateway, "other");
        var served = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var first = await Task.Factory.StartNew(
            () =>
            {
                // this thread reads for both: what it writes itself goes out at once, what others write waits until the other client is served
                var reader = Environment.CurrentManagedThreadId;
                ((InlineTransport)wide.Transport).Taking = () => Environment.CurrentManagedThreadId == reader ? Task.CompletedTask : served.Task;
                wide.Send(ClientPackets.Subscribe(1, "#"));
                var packets = wide.TakePackets();
                Assert.Equal(PacketType.Suback, packets[0].Type);
                other.Send(ClientPackets.Pingreq());
                Assert.Equal([PacketType.Pingresp], other.TakePackets().Select(packet => packet.Type));
                return packets.Count - 1;
            },
            TestContext.Current.CancellationToken, TaskCreationOptions.LongRunning, TaskScheduler.Default).OrStuck("the thread that reads");
        Assert.InRange(first, 0, PageMessages);

        served.SetResult();
        for (var i = first; i < Topics; i++)
        {
            await wide.ExpectAsync(PacketType.Publish);
        }

        await wide.NothingMoreAsync();
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
