using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.InMemory;

/// <summary>What gives way first when the process runs out of memory.</summary>
public sealed class MemoryGuardTests
{
    private const long Full = 8L << 20;
    private const int LargestPacket = 64 * 1024;

    private readonly ManualMemory _memory = new() { Available = Full };

    [Fact]
    public async Task NewClientsAreRefusedFrom70PercentOn()
    {
        await using var gateway = await StartAsync();
        SetPercent(gateway, 70);
        var client = gateway.Open();
        client.Send(ClientPackets.Connect());
        Assert.Equal(0x97, (await client.ReceivePacketAsync())![3]);
        await client.ClosedAsync();

        SetPercent(gateway, 69);
        var welcome = gateway.Open();
        welcome.Send(ClientPackets.Connect());
        Assert.Equal(0x00, (await welcome.ReceivePacketAsync())![3]);
    }

    [Fact]
    public async Task APublisherOfQoS0IsNotReadFrom85PercentOn()
    {
        await using var gateway = await StartAsync();
        var client = await ConnectAsync(gateway, "publisher");
        var other = await ConnectAsync(gateway, "other");
        SetPercent(gateway, 85);
        client.Send(ClientPackets.Publish("a", "x"));
        await Stuck.UntilAsync(() => client.Transport.Unread == 0, "the publication to be read");
        client.Send(ClientPackets.Pingreq());
        for (var i = 0; i < 10; i++)
        {
            other.Send(ClientPackets.Pingreq()); // who publishes no QoS 0 is served as before
            Assert.Equal([0xD0, 0x00], await other.ReceivePacketAsync());
        }

        Assert.Equal(2, client.Transport.Unread);
        SetPercent(gateway, 84);
        Assert.Equal([0xD0, 0x00], await client.ReceivePacketAsync());
    }

    [Fact]
    public async Task TheClientWithTheMostWaitingBytesGoesFrom95PercentOn()
    {
        await using var gateway = await StartAsync();
        var slow = await ConnectAsync(gateway, "slow");
        slow.Send(ClientPackets.Subscribe(1, "a"));
        await slow.ReceivePacketAsync();
        slow.Transport.StopTaking();
        var publisher = await ConnectAsync(gateway, "publisher");
        for (var i = 0; i < 10; i++)
        {
            publisher.Send(ClientPackets.Publish("a", new byte[1000]));
        }

        publisher.Send(ClientPackets.Pingreq());
        await publisher.ReceivePacketAsync();
        SetPercent(gateway, 95);
        await Stuck.UntilAsync(() => gateway.Connections.All.All(connection => connection.Client.Id != "slow" || connection.IsClosing), "slow to go");
        Assert.Contains(gateway.Connections.All, connection => connection.Client.Id == "publisher" && !connection.IsClosing);
        slow.Drop();
    }

    [Fact]
    public async Task ABurstThatIsOverLocksNoClientOut()
    {
        await using var gateway = await StartAsync();
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(3));
        _memory.Garbage = Full / 2;
        SetPercent(gateway, 90);
        await gateway.ConnectAsync("client");

        Assert.Equal(1, _memory.Collections);
    }

    [Fact]
    public async Task HalfPacketsOfUnknownClientsTakeNothingFromServedOnes()
    {
        await using var gateway = await StartAsync();
        var served = await gateway.ConnectAsync("served");
        var unknown = Enumerable.Range(0, 30).Select(_ => gateway.Open()).ToList();
        foreach (var client in unknown)
        {
            client.Send(Half(0x10));
        }

        var budget = Budgets(gateway).Unknown;
        await Stuck.UntilAsync(() => budget.IsAwaited, "clients to wait");
        Assert.InRange(budget.Used, budget.Limit / 2, budget.Limit);
        Assert.Contains(unknown, client => client.Transport.Unread > 30_000);

        served.Send(ClientPackets.Publish("a", new byte[60_000], QoS.AtLeastOnce, 1));
        Assert.Equal(PacketType.Puback, (PacketType)((await served.ReceivePacketAsync())![0] >> 4));

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(14)); // Connections:ConnectTimeout and the grace of the end
        await Stuck.UntilAsync(() => budget.Used == 0, "the memory to be given back");
        await gateway.ConnectAsync("later");
    }

    [Fact]
    public async Task AClientThatSendsAWholePacketDoesNotWaitForEverForThoseWithHalfOnes()
    {
        await using var gateway = await StartAsync();
        var budget = Budgets(gateway).Served;
        var silent = new List<MemoryClient>();
        while (!budget.IsAwaited)
        {
            var client = await gateway.ConnectAsync($"silent{silent.Count}");
            client.Send(Half(0x30));
            silent.Add(client);
            await Stuck.UntilAsync(() => client.Transport.Unread == 0 || budget.IsAwaited, "half a packet to be read");
        }

        var whole = await gateway.ConnectAsync("whole");
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(1));
        whole.Send(ClientPackets.Publish("a", new byte[60_000], QoS.AtLeastOnce, 1));
        await Stuck.CalmAsync();
        Assert.InRange(whole.Transport.Unread, 20_000, 60_000);

        await gateway.AdvanceUntilAsync(whole.ReceivePacketAsync(), "the acknowledgement");
        await Stuck.UntilAsync(() => gateway.Connections.Count <= silent.Count * 3 / 4 + 1, "some of the others to be closed");
        Assert.Contains(gateway.Connections.All, connection => connection.Client.Id.StartsWith("silent", StringComparison.Ordinal));
        Assert.Equal([0xE0, 0x01, 0x97], (await silent[0].ReceivePacketAsync())![..3]);
        Assert.Contains(gateway.Log.Lines, line => line.EventId == 4322);
    }

    [Fact]
    public async Task WhenAllOfThemWaitTheYoungestGo()
    {
        await using var gateway = await StartAsync();
        var budget = Budgets(gateway).Served;
        var clients = new List<MemoryClient>();
        for (var i = 0; i < 20; i++)
        {
            clients.Add(await gateway.ConnectAsync($"client{i}"));
            clients[i].Transport.MaximumRead = 1024;
        }

        for (var i = 0; i < clients.Count; i++)
        {
            clients[i].Send(ClientPackets.Publish("a", new byte[60_000], QoS.AtLeastOnce, 1));
        }

        foreach (var client in clients)
        {
            await gateway.AdvanceUntilAsync(client.ReceivePacketAsync(), "an acknowledgement, or DISCONNECT");
        }

        await Stuck.UntilAsync(() => budget.Used == 0, "the memory to be given back");
    }

    private static ReadBudgets Budgets(InMemoryGateway gateway) => gateway.Services.GetRequiredService<ReadBudgets>();

    /// <summary>The first 40,000 bytes of a packet of 60,000.</summary>
    private static byte[] Half(byte first)
    {
        var packet = first == 0x30
            ? ClientPackets.Publish("a", new byte[60_000])
            : ClientPackets.Connect(clientId: new string('c', 60_000));
        return packet[..40_000];
    }

    private Task<InMemoryGateway> StartAsync() => InMemoryGateway.StartAsync(
        options => options.Connections.MaximumPacketSize = LargestPacket, services => services.AddSingleton<IProcessMemory>(_memory));

    private void SetPercent(InMemoryGateway gateway, int percent)
    {
        _memory.Used = ((Full * percent) + 99) / 100;
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
    }

    private static async Task<MemoryClient> ConnectAsync(InMemoryGateway gateway, string clientId)
    {
        var client = gateway.Open();
        client.Send(ClientPackets.Connect(ProtocolVersion.Mqtt5, clientId));
        Assert.Equal(0x00, (await client.ReceivePacketAsync())![3]);
        return client;
    }
}
