using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>
/// Publishers with a subscriber each: 16 messages in one write, at most 64 under way. At QoS 1 a packet identifier comes round again only
/// after its PUBACK.
/// </summary>
internal sealed class PipelinedPairs(RoadsBroker broker, ListenerKind road, QoS qos, int messages)
{
    private const int BurstSize = 16;
    private const int Bursts = 4;

    private readonly TaskCompletionSource _complete = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private TimeSpan _begin, _end;
    private long _received;
    private volatile bool _isOver;

    private int WarmUp => messages / 4;

    /// <returns>Messages received for each second of the broker's processor time.</returns>
    public async Task<double> RunAsync(int pairs)
    {
        var clients = new List<LoadClient>();
        var running = new List<Task>();
        for (var i = 0; i < pairs; i++)
        {
            var topic = $"pair/{i}";
            var subscriber = await broker.ConnectAsync(road, $"subscriber-{i}");
            await subscriber.SendAsync(ClientPackets.Subscribe(1, topic, qos, ProtocolVersion.Mqtt311));
            await subscriber.ReceiveAsync();
            var publisher = await broker.ConnectAsync(road, $"publisher-{i}");
            clients.AddRange([subscriber, publisher]);
            running.Add(Task.Run(() => RunAsync(subscriber, publisher, topic)));
        }

        await _complete.Task.OrStuck("the messages");
        _isOver = true;
        clients.ForEach(client => client.Dispose());
        await Task.WhenAll(running);
        return messages / (_end - _begin).TotalSeconds;
    }

    private async Task RunAsync(LoadClient subscriber, LoadClient publisher, string topic)
    {
        using var delivered = new SemaphoreSlim(Bursts);
        using var acknowledged = new SemaphoreSlim(Bursts);
        await Task.WhenAll(TakeAsync(subscriber, delivered), PubacksAsync(publisher, acknowledged), PublishAsync(publisher, topic, delivered, acknowledged));
    }

    private async Task PublishAsync(LoadClient publisher, string topic, SemaphoreSlim delivered, SemaphoreSlim acknowledged)
    {
        byte[][] bursts = [.. Enumerable.Range(0, Bursts).Select(burst => Burst(topic, (burst * BurstSize) + 1))];
        for (var i = 0; ; i++)
        {
            await delivered.WaitAsync();
            if (qos != QoS.AtMostOnce)
            {
                await acknowledged.WaitAsync();
            }

            if (_isOver)
            {
                return;
            }

            try
            {
                await publisher.SendAsync(bursts[i % Bursts]);
            }
            catch (Exception e) when (_isOver && e is IOException or ObjectDisposedException)
            {
                return; // expected: the connections end while messages are under way
            }
        }
    }

    private byte[] Burst(string topic, int firstId) => [.. Enumerable.Range(firstId, BurstSize).SelectMany(
        id => ClientPackets.Publish(topic, new byte[RoundTrips.PayloadSize], qos, (ushort)id, version: ProtocolVersion.Mqtt311))];

    private async Task TakeAsync(LoadClient subscriber, SemaphoreSlim delivered)
    {
        var open = 0;
        try
        {
            await AcknowledgingReader.RunAsync(subscriber, count =>
            {
                Count(count);
                open = Return(delivered, open + count);
            });
        }
        catch (Exception e) when (_isOver && e is IOException or ObjectDisposedException)
        {
            // expected: the connections end while messages are under way
        }

        delivered.Release(); // of a publisher that waits
    }

    private static async Task PubacksAsync(LoadClient publisher, SemaphoreSlim acknowledged)
    {
        var open = 0;
        while (await publisher.ReceiveAsync() is { IsEmpty: false })
        {
            open = Return(acknowledged, open + 1);
        }

        acknowledged.Release();
    }

    /// <returns>What is not yet a burst.</returns>
    private static int Return(SemaphoreSlim turns, int messages)
    {
        if (messages >= BurstSize)
        {
            turns.Release(messages / BurstSize);
        }

        return messages % BurstSize;
    }

    private void Count(int count)
    {
        var after = Interlocked.Add(ref _received, count);
        var before = after - count;
        if (before < WarmUp && after >= WarmUp)
        {
            _begin = broker.Process.Processor; // here and not by the code that awaits: the pool is busy
        }

        if (before < WarmUp + messages && after >= WarmUp + messages)
        {
            _end = broker.Process.Processor;
            _complete.TrySetResult();
        }
    }
}
