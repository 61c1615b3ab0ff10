using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Load;

/// <summary>A thousand client identifiers, each connecting from four connections at once, again and again.</summary>
public sealed class TakeoverStormTests
{
    private const int Clients = 1000, Rivals = 4, Rounds = 3;

    [Theory]
    [InlineData(1, 0u)]
    [InlineData(2, 1000u)]
    public async Task OneConnectionPerClientSurvivesAndEveryOtherPublishesItsWillOnce(int seed, uint expiry)
    {
        var random = new Random(seed);
        await using var gateway = await InMemoryGateway.StartAsync();
        var wills = await gateway.ConnectAsync("wills", properties: new PropertyList { { PropertyId.ReceiveMaximum, 65535 } });
        await wills.SubscribeAsync("will/#");
        var expected = new List<string>();
        var received = ReceiveAsync(wills);
        var all = new List<(int Id, string Will, MemoryClient Client)>();
        for (var round = 0; round < Rounds; round++)
        {
            var rivals = Enumerable.Range(0, Clients * Rivals).Select(i => (Id: i % Clients, Will: $"{round}-{i}", Client: gateway.Open())).ToArray();
            random.Shuffle(rivals);
            foreach (var (id, will, client) in rivals)
            {
                client.Connect($"c{id}", cleanStart: random.Next(2) == 0, expiry, will: new ClientWill($"will/{id}", System.Text.Encoding.UTF8.GetBytes(will)));
            }

            all.AddRange(rivals);
            await Stuck.UntilAsync(() => gateway.Connections.Count == Clients + 1, "one connection per client");
            var left = all.Where(rival => rival.Client.Transport.IsClosedByServer).ToArray();
            Assert.Equal(Clients, all.Count - left.Length);
            expected.AddRange(left.Select(rival => rival.Will));
            all.RemoveAll(rival => rival.Client.Transport.IsClosedByServer);
            Assert.Equal(Clients, all.Select(rival => rival.Id).Distinct().Count());
        }

        foreach (var (_, _, client) in all)
        {
            client.Send(ClientPackets.Disconnect()); // these keep their wills to themselves
        }

        await Stuck.UntilAsync(() => gateway.Connections.Count == 1, "all connections to be handed back");
        var last = await gateway.ConnectAsync("last");
        await last.PublishAsync("will/end", "end");
        Assert.Equal(expected.Order(), (await received.OrStuck("the wills")).Order());
        Assert.DoesNotContain(gateway.Activations, grain => grain.StartsWith("SessionGrain/", StringComparison.Ordinal));
        if (expiry == 0)
        {
            Assert.Equal(2, gateway.Sessions.Count);
        }
    }

    private static async Task<List<string>> ReceiveAsync(MemoryClient client)
    {
        var texts = new List<string>();
        while (true)
        {
            var text = (await client.ExpectAsync(PacketType.Publish)).Text;
            if (text == "end")
            {
                return texts;
            }

            texts.Add(text);
        }
    }
}
