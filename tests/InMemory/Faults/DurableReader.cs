using System.Collections.Concurrent;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Faults;

/// <summary>A durable subscriber that breaks off now and then, and keeps what MQTT asks a receiver of QoS 2 to keep.</summary>
internal sealed class DurableReader(InMemoryGateway gateway, int seed, QoS qos)
{
    private const string ClientId = "reader";

    private readonly Random _random = new(seed);
    private readonly HashSet<ushort> _open = [];
    private MemoryClient? _client;
    private readonly TaskCompletionSource _completed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private IReadOnlyCollection<string>? _expected;

    /// <summary>Texts and how often each was delivered, repetitions of the protocol left out.</summary>
    public ConcurrentDictionary<string, int> Received { get; } = new();

    public void Expect(IReadOnlyCollection<string> texts)
    {
        Volatile.Write(ref _expected, texts);
        CompleteIfDone();
        Volatile.Read(ref _client)?.Drop(); // once more everything that waits comes over a new connection
    }

    /// <summary>The first connection, before there are faults.</summary>
    public async Task SubscribeAsync()
    {
        _client = await gateway.ConnectAsync(ClientId, cleanStart: false, expiry: 100_000);
        await _client.SubscribeAsync("#", qos);
    }

    /// <summary>Reads until everything expected has come.</summary>
    public async Task RunAsync()
    {
        while (!_completed.Task.IsCompleted)
        {
            var receiving = _client!.ReceiveAsync(); // SubscribeAsync set it
            if (await Task.WhenAny(receiving, _completed.Task) != receiving)
            {
                return;
            }

            if (await receiving is not { } packet)
            {
                await ReconnectAsync();
                continue;
            }

            Handle(packet);
            if (_expected is null && _random.Next(40) == 0)
            {
                _client.Drop();
            }
        }
    }

    public override string ToString() => _expected is { } expected
        ? $"missing {string.Join(' ', expected.Except(Received.Keys).Take(10))}"
        : $"{Received.Count} received";

    private void CompleteIfDone()
    {
        if (Volatile.Read(ref _expected) is { } expected && expected.All(Received.ContainsKey))
        {
            _completed.TrySetResult();
        }
    }

    private void Handle(ServerPacket packet)
    {
        switch (packet.Type)
        {
            case PacketType.Publish when packet.QoS == QoS.ExactlyOnce:
                if (_open.Add(packet.PacketId))
                {
                    Received.AddOrUpdate(packet.Text, 1, (_, times) => times + 1);
                }

                _client!.Send(ClientPackets.Pubrec(packet.PacketId));
                break;
            case PacketType.Publish:
                Received.AddOrUpdate(packet.Text, 1, (_, times) => times + 1);
                _client!.Send(ClientPackets.Puback(packet.PacketId));
                break;
            case PacketType.Pubrel:
                _open.Remove(packet.PacketId);
                _client!.Send(ClientPackets.Pubcomp(packet.PacketId));
                break;
        }

        CompleteIfDone();
    }

    private async Task ReconnectAsync()
    {
        while (true)
        {
            var client = gateway.Open();
            client.Connect(ClientId, cleanStart: false, expiry: 100_000);
            if (await client.ReceiveAsync() is { Type: PacketType.Connack, Reason: ReasonCode.Success } connack)
            {
                if (!connack.SessionPresent)
                {
                    throw new InvalidOperationException("The durable session is gone.");
                }

                Volatile.Write(ref _client, client);
                return;
            }
        }
    }
}
