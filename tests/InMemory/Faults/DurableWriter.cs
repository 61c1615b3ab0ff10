using System.Collections.Concurrent;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Faults;

/// <summary>A publisher with a durable session: repeats each message, over as many connections as it takes, until it is acknowledged.</summary>
internal sealed class DurableWriter(InMemoryGateway gateway, string clientId, int seed, QoS qos, ConcurrentBag<string> acknowledged)
{
    private readonly Random _random = new(seed);
    private MemoryClient? _client;

    public async Task RunAsync(int messages)
    {
        for (var i = 0; i < messages; i++)
        {
            var text = $"{clientId}-{i}";
            var packetId = (ushort)(i % 1000 + 1);
            var isDone = false;
            for (var dup = false; !isDone; dup = true)
            {
                isDone = await TryPublishAsync(text, packetId, dup);
            }

            acknowledged.Add(text);
        }
    }

    private async Task<bool> TryPublishAsync(string text, ushort packetId, bool dup)
    {
        var client = _client ??= await ConnectAsync();
        client.Send(ClientPackets.Publish($"from/{clientId}", text, qos, packetId, dup: dup));
        if (_random.Next(20) == 0)
        {
            client.Drop();
        }

        var first = await client.ReceiveAsync();
        var isAccepted = first is { Type: PacketType.Puback or PacketType.Pubrec } && (byte)first.Reason < 0x80;
        if (isAccepted && qos == QoS.ExactlyOnce)
        {
            await ReleaseAsync(packetId);
        }
        else if (!isAccepted && first is null or { Type: PacketType.Disconnect })
        {
            _client = null;
        }

        return isAccepted;
    }

    /// <summary>PUBREL until PUBCOMP: the message is the server's.</summary>
    private async Task ReleaseAsync(ushort packetId)
    {
        while (true)
        {
            var client = _client ??= await ConnectAsync();
            client.Send(ClientPackets.Pubrel(packetId));
            if (await client.ReceiveAsync() is { Type: PacketType.Pubcomp })
            {
                return;
            }

            _client = null;
        }
    }

    private async Task<MemoryClient> ConnectAsync()
    {
        while (true)
        {
            var client = gateway.Open();
            client.Connect(clientId, cleanStart: false, expiry: 100_000);
            if (await client.ReceiveAsync() is { Type: PacketType.Connack, Reason: ReasonCode.Success })
            {
                return client;
            }
        }
    }
}
