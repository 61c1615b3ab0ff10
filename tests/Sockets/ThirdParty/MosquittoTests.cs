using System.Collections.Concurrent;
using System.Security.Cryptography;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>mosquitto_pub, mosquitto_sub and mosquitto_rr, one process for each client; the test knows from the broker when they are ready.</summary>
public sealed class MosquittoTests(SharedGateway shared, MosquittoTests.IdleClients idle) : IClassFixture<MosquittoTests.IdleClients>
{
    /// <summary>Seconds; mosquitto_sub takes no shorter one.</summary>
    private const int KeepAlive = 5;

    private static readonly string[] Ten = [.. Enumerable.Range(0, 10).Select(number => $"message {number}")];

    public static TheoryData<ProtocolVersion, ListenerKind> Rows => new(
        from version in Matrix.Versions
        from transport in ThirdPartyClient.Mosquitto.Transports
        select (version, transport));

    /// <summary>mosquitto_rr does not speak 3.1.</summary>
    public static TheoryData<ProtocolVersion, ListenerKind> RowsWithRequests => new(
        from version in Matrix.Versions
        where version != ProtocolVersion.Mqtt31
        from transport in ThirdPartyClient.Mosquitto.Transports
        select (version, transport));

    public static TheoryData<ProtocolVersion, ListenerKind, int> RowsWithQoS => new(
        from version in Matrix.Versions
        from transport in ThirdPartyClient.Mosquitto.Transports
        from qos in Enumerable.Range(0, 3)
        select (version, transport, qos));

    [Theory, MemberData(nameof(RowsWithQoS))]
    public async Task MessagesArriveAtEveryQoS(ProtocolVersion version, ListenerKind transport, int qos)
    {
        var clients = Clients(version, transport);
        var topic = clients.Name($"qos{qos}");
        await using var subscriber = await clients.SubscribeAsync($"sub{qos}", "-t", topic, "-q", $"{qos}", "-C", "1", "-F", "%q %r %p");
        await clients.PublishAsync($"pub{qos}", ["-t", topic, "-q", $"{qos}", "-m", "hello"]);
        Assert.Equal([$"{qos} 0 hello"], await subscriber.EndAsync());
    }

    [Theory, MemberData(nameof(Rows))]
    public async Task RetainedMessagesAreKeptAndCleared(ProtocolVersion version, ListenerKind transport)
    {
        var clients = Clients(version, transport);
        var topic = clients.Name("retained");
        await clients.PublishAsync("retainer", ["-t", topic, "-q", "1", "-r", "-m", "kept"]);
        await using var first = await clients.SubscribeAsync("retained1", "-t", topic, "-F", "%r %p");
        Assert.Equal("1 kept", await first.ReadLineAsync());
        await clients.PublishAsync("retainer", ["-t", topic, "-q", "1", "-r", "-n"]);
        await using var second = await clients.SubscribeAsync("retained2", "-t", topic, "-C", "1", "-F", "%r %p");
        await clients.PublishAsync("retainer", ["-t", topic, "-q", "1", "-m", "live"]);
        Assert.Equal(["0 live"], await second.EndAsync());
    }

    [Theory, MemberData(nameof(Rows))]
    public async Task WillIsPublishedWhenAClientDies(ProtocolVersion version, ListenerKind transport)
    {
        var clients = Clients(version, transport);
        var topic = clients.Name("will");
        await using var watcher = await clients.SubscribeAsync("watcher", "-t", topic, "-C", "1");
        await using var dying = await clients.SubscribeAsync(
            "dying", "-t", "nothing", "--will-topic", topic, "--will-payload", "gone", "--will-qos", "1");
        dying.Kill();
        Assert.Equal(["gone"], await watcher.EndAsync());
    }

    [Theory, MemberData(nameof(Rows))]
    public async Task SessionQueuesWhileItsClientIsAway(ProtocolVersion version, ListenerKind transport)
    {
        var clients = Clients(version, transport);
        var topic = clients.Name("session");
        string[] durable = ["-c", "-t", topic, "-q", "2"];
        await using (var first = clients.Start("mosquitto_sub", "durable", [.. durable, "-E"]))
        {
            await first.EndAsync();
        }

        await clients.PublishAsync("offline1", ["-t", topic, "-q", "1", "-l"], Ten);
        await clients.PublishAsync("offline2", ["-t", topic, "-q", "2", "-l"], Ten);

        await using var second = clients.Start("mosquitto_sub", "durable", [.. durable, "-C", $"{2 * Ten.Length}", "-F", "%q %p"]);
        var lines = await second.EndAsync();
        Assert.Equal(Ten, lines.Where(line => line[0] == '1').Select(line => line[2..]));
        Assert.Equal(Ten, lines.Where(line => line[0] == '2').Select(line => line[2..]));
    }

    [Theory, MemberData(nameof(Rows))]
    public async Task SharedSubscriptionGivesEachMessageToOneMember(ProtocolVersion version, ListenerKind transport)
    {
        var clients = Clients(version, transport);
        var topic = clients.Name("shared");
        string[] arguments = ["-t", $"$share/group/{topic}", "-q", "1", "-C", $"{Ten.Length / 2}"];
        await using var one = await clients.SubscribeAsync("member1", arguments);
        await using var two = await clients.SubscribeAsync("member2", arguments);
        await clients.PublishAsync("sharer", ["-t", topic, "-q", "1", "-l"], Ten); // in turn, which is the default strategy
        Assert.Equal(Ten.Order(), (await one.EndAsync()).Concat(await two.EndAsync()).Order());
    }

    [Theory, MemberData(nameof(RowsWithRequests))]
    public async Task RequestIsAnswered(ProtocolVersion version, ListenerKind transport)
    {
        var clients = Clients(version, transport);
        var (topic, answers) = (clients.Name("request"), clients.Name("response"));
        await using var responder = await RawClient.ConnectAsync(shared.Gateway, transport, ProtocolVersion.Mqtt5, clients.Name("responder"));
        await responder.SendAsync(ClientPackets.Subscribe(1, topic, QoS.AtLeastOnce));
        await responder.ReceiveAsync(PacketType.Suback);

        await using var requester = clients.Start("mosquitto_rr", "requester", ["-t", topic, "-e", answers, "-q", "1", "-m", "question"]);
        var request = await responder.ReceiveAsync(PacketType.Publish);
        Assert.Equal("question", request.Text);
        if (version == ProtocolVersion.Mqtt5)
        {
            Assert.Equal(answers, request.String(PropertyId.ResponseTopic));
        }

        await responder.SendAsync(ClientPackets.Publish(answers, "answer"));
        Assert.Equal(["answer"], await requester.EndAsync());
    }

    [Theory, MemberData(nameof(Rows))]
    public async Task LargePayloadArrivesUnchanged(ProtocolVersion version, ListenerKind transport)
    {
        var clients = Clients(version, transport);
        var topic = clients.Name("large");
        using var directory = new TemporaryDirectory();
        var payload = RandomNumberGenerator.GetBytes(200 * 1024);
        File.WriteAllBytes(directory.File("payload"), payload);
        await using var subscriber = await clients.SubscribeAsync("sub-large", "-t", topic, "-q", "1", "-C", "1", "-F", "%x");
        await clients.PublishAsync("pub-large", ["-t", topic, "-q", "1", "-f", directory.File("payload")]);
        Assert.Equal(Convert.ToHexStringLower(payload), Assert.Single(await subscriber.EndAsync()));
    }

    [Theory, MemberData(nameof(Rows))]
    public async Task IdleClientIsKeptAlive(ProtocolVersion version, ListenerKind transport)
    {
        Clients(version, transport);
        var lines = await idle.RunAsync(shared.Gateway, version, transport);
        Assert.InRange(lines.Count(line => line.EndsWith("received PINGRESP", StringComparison.Ordinal)), 3, 4);
        Assert.Single(lines, line => line.EndsWith("received CONNACK (0)", StringComparison.Ordinal));
    }

    private MosquittoClients Clients(ProtocolVersion version, ListenerKind transport)
    {
        Assert.SkipWhen(ThirdPartyClient.Mosquitto.Missing is not null, ThirdPartyClient.Mosquitto.Missing ?? "");
        return new MosquittoClients(shared.Gateway, version, transport);
    }

    /// <summary>They take longest, so all of them idle at once.</summary>
    public sealed class IdleClients
    {
        private readonly ConcurrentDictionary<(ProtocolVersion, ListenerKind), Task<string[]>> _runs = [];

        internal Task<string[]> RunAsync(SocketGateway gateway, ProtocolVersion version, ListenerKind transport)
        {
            foreach (var each in Matrix.Versions)
            {
                foreach (var kind in ThirdPartyClient.Mosquitto.Transports)
                {
                    _runs.GetOrAdd((each, kind), row => IdleAsync(new MosquittoClients(gateway, row.Item1, row.Item2)));
                }
            }

            return _runs[(version, transport)];
        }

        private static async Task<string[]> IdleAsync(MosquittoClients clients)
        {
            const int EndedByItsOwnTimeout = 27;
            await using var process = clients.Start(
                "mosquitto_sub", "idle", ["-t", clients.Name("idle"), "-d", "-k", $"{KeepAlive}", "-W", $"{(3 * KeepAlive) + 4}"]);
            return await process.EndAsync(EndedByItsOwnTimeout);
        }
    }
}
