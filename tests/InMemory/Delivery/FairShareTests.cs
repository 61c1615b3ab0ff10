using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Delivery;

/// <summary>A read whose publications match very many subscriptions goes on in turns, and others get theirs between them.</summary>
public sealed class FairShareTests
{
    [Theory]
    [InlineData(14, 3)] // 16,384 filters: each publication is a turn of its own
    [InlineData(3, 1)] // 8 filters: one read, one write
    public async Task LongReadGivesOthersTheirTurn(int levels, int writes)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var counting = new CountingTransport();
        var subscriber = gateway.Open(counting);
        await subscriber.ConnectAsync("s");
        var entries = Enumerable.Range(0, 1 << levels).Select(filter => (FilterOf(filter, levels), (byte)0)).ToArray();
        foreach (var chunk in entries.Chunk(512))
        {
            await subscriber.SubscribeAsync(chunk);
        }

        var publisher = await gateway.ConnectAsync("p");
        var topic = string.Join('/', Enumerable.Repeat('a', levels));
        await publisher.PublishAsync(topic, "warm", QoS.AtLeastOnce);
        await subscriber.ExpectPublishAsync("warm");
        await Stuck.CalmAsync();
        var before = counting.Writes;

        publisher.Send([
            .. ClientPackets.Publish(topic, "1"), .. ClientPackets.Publish(topic, "2"), .. ClientPackets.Publish(topic, "3"), .. ClientPackets.Pingreq()]);
        await subscriber.ExpectPublishAsync("1");
        await subscriber.ExpectPublishAsync("2");
        await subscriber.ExpectPublishAsync("3");
        await publisher.ExpectAsync(PacketType.Pingresp);
        Assert.Equal(writes, counting.Writes - before);
    }

    private static string FilterOf(int number, int levels) =>
        string.Join('/', Enumerable.Range(0, levels).Select(level => (number >> level & 1) == 0 ? "+" : "a"));

    private sealed class CountingTransport : MemoryTransport
    {
        private int _writes;

        public int Writes => Volatile.Read(ref _writes);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer)
        {
            Interlocked.Increment(ref _writes);
            return base.WriteAsync(buffer);
        }
    }
}
