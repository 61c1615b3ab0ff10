using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Crash;

/// <summary>Publishes numbers, up to a window of them at once, and repeats each as MQTT asks until it is acknowledged.</summary>
internal sealed class CrashWriter(MortalBroker broker, string clientId, QoS qos, bool retain) : CrashClient(broker, clientId)
{
    private const int Window = 20;
    private const int Identifiers = 1000;

    /// <summary>Numbers that are open; true: PUBREC has come.</summary>
    private readonly SortedDictionary<int, bool> _open = [];
    private int _next;
    private int _acknowledged;
    private volatile bool _isStopping;

    /// <summary>How many were acknowledged; once the writer has ended, all numbers below it were.</summary>
    public int Acknowledged => Volatile.Read(ref _acknowledged);

    protected override bool IsDone => _isStopping && _open.Count == 0;

    public QoS QoS => qos;

    public bool Retain => retain;

    public string Topic => $"crash/{ClientId}";

    /// <summary>No new numbers; those that are open are still seen through.</summary>
    public void Stop() => _isStopping = true;

    protected override async Task ServeAsync(RawClient client)
    {
        foreach (var (number, isReceived) in _open.ToArray())
        {
            await SendAsync(client, number, isReceived, dup: true);
        }

        while (!IsDone)
        {
            while (!_isStopping && _open.Count < Window)
            {
                _open.Add(_next, false);
                await SendAsync(client, _next++, isReceived: false, dup: false);
            }

            if (await client.ReceiveAsync() is not { } answer)
            {
                return;
            }

            await HandleAsync(client, answer);
        }
    }

    private async Task HandleAsync(RawClient client, ServerPacket answer)
    {
        var number = _open.Keys.First(number => IdentifierOf(number) == answer.PacketId);
        // a PUBREL that is sent again may find that the one before was heard
        var isFine = answer.Reason < ReasonCode.UnspecifiedError || answer is { Type: PacketType.Pubcomp, Reason: ReasonCode.PacketIdentifierNotFound };
        Assert.True(isFine, $"{ClientId}: {answer}");
        if (answer.Type == PacketType.Pubrec)
        {
            _open[number] = true;
            await client.SendAsync(ClientPackets.Pubrel(answer.PacketId));
            return;
        }

        Assert.Equal(qos == QoS.AtLeastOnce ? PacketType.Puback : PacketType.Pubcomp, answer.Type);
        _open.Remove(number);
        Interlocked.Increment(ref _acknowledged);
    }

    private Task SendAsync(RawClient client, int number, bool isReceived, bool dup) => client.SendAsync(isReceived
        ? ClientPackets.Pubrel(IdentifierOf(number))
        : ClientPackets.Publish(Topic, $"{number}", qos, IdentifierOf(number), retain, dup));

    private static ushort IdentifierOf(int number) => (ushort)(number % Identifiers + 1);
}
