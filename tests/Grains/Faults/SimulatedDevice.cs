using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Grains.Faults;

/// <summary>One client: connects through any gateway, receives some of what waits, and closes or is taken over by its next connection.</summary>
internal sealed class SimulatedDevice(string key, FaultyGateway[] gateways, Random random)
{
    private const uint Never = uint.MaxValue;

    private readonly Queue<PendingMessage> _rest = new();
    private readonly HashSet<long> _received = [];
    private readonly HashSet<long> _reported = [];
    private (FaultyGateway Gateway, ulong Epoch, string Will, uint Delay)? _connection;
    private int _wills;

    public string Key => key;

    public List<string> Received { get; } = [];

    /// <summary>The wills that the shard must publish.</summary>
    public List<string> DueWills { get; } = [];

    /// <summary>
    /// A copy of an old CONNECT came so late that the store no longer knew it, and took the session for a connection that is gone.
    /// Then QoS 1 may repeat, and a will may be left to a gateway that does not exist, or be set off anew; messages are never lost.
    /// </summary>
    public bool HasMetAGhost { get; private set; }

    public async Task RunAsync(int rounds)
    {
        for (var round = 0; round < rounds; round++)
        {
            await ConnectAsync();
            Receive(random.Next(_rest.Count + 1));
            if (random.Next(2) == 0)
            {
                await ReadAsync();
            }

            if (random.Next(2) == 0)
            {
                await ReportAsync();
            }

            if (random.Next(3) > 0) // otherwise the next connection takes over
            {
                await CloseAsync(random.Next(2) == 0 ? WillAction.Arm : WillAction.Discard);
            }
        }
    }

    /// <summary>Receives whatever still waits, in the end.</summary>
    public async Task DrainAsync()
    {
        for (var i = 0; i < 3; i++) // another connection gets what came while the one before was connected
        {
            await ConnectAsync();
            Receive(_rest.Count);
            await ReadAsync();
            await CloseAsync(WillAction.Discard);
        }
    }

    private async Task ConnectAsync()
    {
        while (!await TryConnectAsync())
        {
            HasMetAGhost = true;
        }
    }

    private async Task<bool> TryConnectAsync()
    {
        var gateway = gateways[random.Next(gateways.Length)];
        var (will, delay) = ($"{key}#{_wills++}", random.Next(2) == 0 ? 0 : Never);
        if (await gateway.OpenAsync(key, will, delay) is not { } reply)
        {
            return false;
        }

        Assert.True(reply.SessionPresent, key);
        HasMetAGhost |= reply.Previous?.Epoch != _connection?.Epoch;
        if (_connection is { Delay: 0 } last && last.Gateway == gateway)
        {
            DueWills.Add(last.Will);
        }

        _rest.Clear();
        Take(reply.State!.Pending); // present: there is a state
        _connection = (gateway, reply.Epoch, will, delay);
        Check(await gateway.SubscribeAsync(key, reply.Epoch, $"{key}/{random.Next(3)}"));
        return true;
    }

    /// <summary>What was received, even if the store has not heard of it: the gateway of the connection before hands that over.</summary>
    private void Take(PendingMessage[] messages)
    {
        foreach (var message in messages)
        {
            Assert.DoesNotContain(message.Sequence, _reported); // I7
            if (!_received.Contains(message.Sequence))
            {
                _rest.Enqueue(message);
            }
        }
    }

    private void Receive(int count)
    {
        for (; count > 0; count--)
        {
            var message = _rest.Dequeue();
            _received.Add(message.Sequence);
            Received.Add(Sample.Text(message.Message));
        }
    }

    /// <summary>Receives what has been queued since, page by page.</summary>
    private async Task ReadAsync()
    {
        var (gateway, epoch, _, _) = _connection ?? throw new InvalidOperationException("Not connected.");
        Receive(_rest.Count);
        QueuePage page;
        do
        {
            page = await gateway.ReadAsync(key, epoch, _received.DefaultIfEmpty().Max(), random.Next(1, 4));
            Check(page.Result);
            Take(page.Messages);
            Receive(_rest.Count);
        }
        while (page.HasMore);
    }

    private async Task ReportAsync()
    {
        var (gateway, epoch, _, _) = _connection ?? throw new InvalidOperationException("Not connected.");
        var (result, done) = (SessionResult.Fenced, Unreported());
        if (await gateway.ReportAsync(key, epoch, done))
        {
            result = SessionResult.Ok;
        }

        Check(result);
        if (result == SessionResult.Ok)
        {
            _reported.UnionWith(done);
        }
    }

    private long[] Unreported() => [.. _received.Except(_reported).Order().SelectMany(number => new[] { number, number })];

    private async Task CloseAsync(WillAction action)
    {
        var (gateway, epoch, will, delay) = _connection ?? throw new InvalidOperationException("Not connected.");
        _connection = null;
        var done = Unreported();
        var request = Sample.Close(uint.MaxValue, action, deactivate: random.Next(2) == 0) with { Done = done };
        _rest.Clear();
        var result = await gateway.CloseAsync(key, epoch, request);
        Check(result);
        if (result == SessionResult.Ok)
        {
            _reported.UnionWith(done);
        }

        if (action == WillAction.Arm && delay == 0)
        {
            DueWills.Add(will);
        }
    }

    private void Check(SessionResult result)
    {
        HasMetAGhost |= result == SessionResult.Fenced;
        Assert.True(result is SessionResult.Ok or SessionResult.Fenced, $"{key}: {result}");
    }
}
