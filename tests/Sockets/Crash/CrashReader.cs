using System.Collections.Concurrent;
using System.Globalization;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Sockets.Crash;

/// <summary>A durable subscriber. It keeps what MQTT asks a receiver of QoS 2 to keep, and nothing more.</summary>
internal sealed class CrashReader(MortalBroker broker, string clientId, QoS qos) : CrashClient(broker, clientId)
{
    private readonly HashSet<ushort> _open = [];
    private readonly ConcurrentDictionary<string, List<int>> _received = new();
    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IReadOnlyDictionary<string, int>? _expected;

    public QoS QoS => qos;

    /// <summary>Completes with the first SUBACK.</summary>
    public Task Subscribed => _subscribed.Task;

    protected override bool IsDone => _completed.Task.IsCompleted;

    /// <summary>Numbers of a topic in the order of arrival, repetitions included.</summary>
    public IReadOnlyList<int> ReceivedOf(string topic)
    {
        var numbers = _received.GetOrAdd(topic, _ => []);
        lock (numbers)
        {
            return [.. numbers];
        }
    }

    /// <summary>Ends the reader when it has every number below the given one of each topic.</summary>
    public Task Expect(IReadOnlyDictionary<string, int> counts)
    {
        _expected = counts;
        CompleteIfDone();
        return _completed.Task;
    }

    public override string ToString() => _expected is not { } expected
        ? ClientId
        : $"{ClientId}, missing {string.Join(", ", expected.Select(pair => $"{pair.Key}: {string.Join(' ', Missing(pair.Key, pair.Value).Take(5))}"))}";

    protected override async Task ServeAsync(RawClient client)
    {
        await client.SendAsync(ClientPackets.Subscribe(1, "crash/#", qos, properties: null));
        while (!IsDone)
        {
            var receiving = client.ReceiveAsync();
            if (await Task.WhenAny(receiving, _completed.Task) != receiving || await receiving is not { } packet)
            {
                return;
            }

            await HandleAsync(client, packet);
            CompleteIfDone();
        }
    }

    private async Task HandleAsync(RawClient client, ServerPacket packet)
    {
        switch (packet.Type)
        {
            case PacketType.Suback:
                _subscribed.TrySetResult();
                break;
            case PacketType.Publish when packet.Retain:
                await AcknowledgeAsync(client, packet); // of an earlier SUBSCRIBE: not what is counted here
                break;
            case PacketType.Publish:
                if (packet.QoS != QoS.ExactlyOnce || _open.Add(packet.PacketId))
                {
                    Note(packet);
                }

                await AcknowledgeAsync(client, packet);
                break;
            case PacketType.Pubrel:
                _open.Remove(packet.PacketId);
                await client.SendAsync(ClientPackets.Pubcomp(packet.PacketId));
                break;
        }
    }

    private async Task AcknowledgeAsync(RawClient client, ServerPacket packet)
    {
        if (packet.QoS == QoS.ExactlyOnce)
        {
            _open.Add(packet.PacketId);
            await client.SendAsync(ClientPackets.Pubrec(packet.PacketId));
        }
        else if (packet.QoS == QoS.AtLeastOnce)
        {
            await client.SendAsync(ClientPackets.Puback(packet.PacketId));
        }
    }

    private void Note(ServerPacket packet)
    {
        var numbers = _received.GetOrAdd(packet.Topic, _ => []);
        lock (numbers)
        {
            numbers.Add(int.Parse(packet.Text, CultureInfo.InvariantCulture));
        }
    }

    private void CompleteIfDone()
    {
        if (_expected is { } expected && expected.All(pair => !Missing(pair.Key, pair.Value).Any()))
        {
            _completed.TrySetResult();
        }
    }

    private IEnumerable<int> Missing(string topic, int count) => Enumerable.Range(0, count).Except(ReceivedOf(topic));
}
