using System.Text;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Security;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Security;

public sealed class PasswordTests : IDisposable
{
    private const int Storm = 200;

    private readonly TemporaryDirectory _directory = new();
    private readonly ScramVerifier _verifier = ScramVerifier.Create("correct horse"u8);

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task StormOfPasswordsDoesNotStopWhoIsIn()
    {
        await using var gateway = await StartAsync();
        var witness = await ConnectAsync(gateway, "witness");
        await witness.SubscribeAsync("t", QoS.AtLeastOnce);
        var clients = Enumerable.Range(0, Storm).Select(number => Send(gateway, $"storm-{number}", number % 2 == 0)).ToArray();
        var answers = Task.WhenAll(clients.Select(client => client.ExpectAsync(PacketType.Connack)));
        var rounds = 0;
        do
        {
            await witness.PublishAsync("t", $"{rounds}", QoS.AtLeastOnce);
            await witness.ExpectPublishAsync($"{rounds}");
            rounds++;
        }
        while (!answers.IsCompleted);

        Assert.Equal(
            Enumerable.Range(0, Storm).Select(number => number % 2 == 0 ? ReasonCode.Success : ReasonCode.BadUserNameOrPassword),
            (await answers).Select(connack => connack.Reason));
        Assert.True(rounds > Storm / 10, $"Only {rounds} messages came through while {Storm} passwords were checked.");
    }

    [Fact]
    public async Task NothingSecretIsLogged()
    {
        await using var gateway = await StartAsync();
        await ConnectAsync(gateway, "good");
        var bad = Send(gateway, "bad", isRight: false);
        await bad.ExpectAsync(PacketType.Connack);
        await gateway.GoneAsync(bad);
        string[] secrets =
        [
            "correct horse", "wrong horse", Convert.ToBase64String(_verifier.Salt), Convert.ToBase64String(_verifier.StoredKey),
            Convert.ToBase64String(_verifier.ServerKey),
        ];
        Assert.DoesNotContain(gateway.Log.Lines, line => secrets.Any(secret => line.ToString().Contains(secret, StringComparison.Ordinal)));
        Assert.Contains(gateway.Log.Lines, line => line.EventId == 4501);
    }

    [Fact]
    public async Task ConnectionKnowsItsUser()
    {
        await using var gateway = await StartAsync();
        await ConnectAsync(gateway, "client");
        Assert.Equal("alice", Assert.Single(gateway.Connections.All).Client.UserName);
    }

    private Task<InMemoryGateway> StartAsync()
    {
        File.WriteAllText(_directory.File("users"), PasswordFile.Line("alice", _verifier));
        return InMemoryGateway.StartAsync(options => options.Security.PasswordFile = _directory.File("users"));
    }

    private static async Task<MemoryClient> ConnectAsync(InMemoryGateway gateway, string id)
    {
        var client = Send(gateway, id, isRight: true);
        Assert.Equal(ReasonCode.Success, (await client.ExpectAsync(PacketType.Connack)).Reason);
        return client;
    }

    private static MemoryClient Send(InMemoryGateway gateway, string id, bool isRight)
    {
        var client = gateway.Open();
        client.Send(ClientPackets.Connect(clientId: id, userName: "alice", password: Encoding.UTF8.GetBytes(isRight ? "correct horse" : "wrong horse")));
        return client;
    }
}
