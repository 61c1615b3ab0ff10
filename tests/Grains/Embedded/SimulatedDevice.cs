using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Embedded;

/// <summary>One client: connects through any gateway, receives some of what waits, and closes or is taken over by its next connection.</summary>
internal sealed class SimulatedDevice(string key, FaultyGateway[] gateways, Random random)
{
    private const uint Never = uint.MaxValue;

    private readonly List<PendingMessage> _rest = [];
    private (FaultyGateway Gateway, ulong Epoch, string Will, uint Delay)? _connection;
    private int _wills;

    public string Key => key;

    public List<string> Received { get; } = [];

    /// <summary>The wills that the shard must publish.</summary>
    public List<string> DueWills { get; } = [];

    /// <summary>
    /// A copy of an old CONNECT came so late that the store no longer knew it, and took the session for a connection that is gone.
    /// Then QoS 1 may repeat and a will may be left to a gateway that does not exist; messages are never lost.
    /// </summary>
    public bool HasMetAGhost { get; private set; }

    public async Task RunAsync(int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            await ConnectAsync();
            Receive(random.Next(_rest.Count + 1));
            if (random.Next(3) > 0) // otherwise the next connection takes over
                await CloseAsync(random.Next(2) == 0 ? WillAction.Arm : WillAction.Discard);
        }
    }

    /// <summary>Receives whatever still waits, in the end.</summary>
    public async Task DrainAsync()
    {
        for (var i = 0; i < 3; i++) // another connection gets what came while the one before was connected
        {
            await ConnectAsync();
            Receive(_rest.Count);
            await CloseAsync(WillAction.Discard);
        }
    }

    private async Task ConnectAsync()
    {
        while (!await TryConnectAsync())
            HasMetAGhost = true;
    }

    private async Task<bool> TryConnectAsync()
    {
        var gateway = gateways[random.Next(gateways.Length)];
        var (will, delay) = ($"{key}#{_wills++}", random.Next(2) == 0 ? 0 : Never);
        if (await gateway.OpenAsync(key, will, delay) is not { } reply)
            return false;
        Assert.True(reply.SessionPresent, key);
        HasMetAGhost |= reply.Previous?.Epoch != _connection?.Epoch;
        if (reply.Previous is null || reply.Previous.Epoch != _connection?.Epoch)
        {
            _rest.Clear(); // otherwise the gateway of the previous connection hands over what is left
            _rest.AddRange(reply.State!.Pending); // present: there is a state
        }
        _connection = (gateway, reply.Epoch, will, delay);
        Check(await gateway.SubscribeAsync(key, reply.Epoch, $"{key}/{random.Next(3)}"));
        return true;
    }

    private void Receive(int count)
    {
        Received.AddRange(Sample.Texts(_rest.Take(count)));
        _rest.RemoveRange(0, count);
    }

    private async Task CloseAsync(WillAction action)
    {
        var (gateway, epoch, will, delay) = _connection ?? throw new InvalidOperationException("Not connected.");
        _connection = null;
        var request = Sample.Close(uint.MaxValue, action, [.. _rest], deactivate: random.Next(2) == 0);
        _rest.Clear();
        Check(await gateway.CloseAsync(key, epoch, request));
        if (action == WillAction.Arm && delay == 0)
            DueWills.Add(will);
    }

    private void Check(SessionResult result)
    {
        HasMetAGhost |= result == SessionResult.Fenced;
        Assert.True(result is SessionResult.Ok or SessionResult.Fenced, $"{key}: {result}");
    }
}
