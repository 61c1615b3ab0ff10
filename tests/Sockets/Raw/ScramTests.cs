using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Raw;

/// <summary>SCRAM-SHA-256 with nonces of both sides, first for CONNECT and then again, on every transport.</summary>
public sealed class ScramTests(PasswordGateway users) : IClassFixture<PasswordGateway>
{
    public static TheoryData<ListenerKind> Transports => new(Matrix.Transports);

    [Theory, MemberData(nameof(Transports))]
    public async Task UserProvesThePasswordAndSoDoesTheBroker(ListenerKind transport)
    {
        await using var client = await RawClient.OpenAsync(users.Gateway, transport);
        var scram = new ScramClient(PasswordGateway.User, PasswordGateway.Password);
        var connack = await ConnectAsync(client, scram, $"scram-{transport.Text()}");
        Assert.Equal(ReasonCode.Success, connack.Reason);
        Assert.Equal(ScramClient.Method, connack.String(PropertyId.AuthenticationMethod));
        Assert.True(scram.IsServer(connack.String(PropertyId.AuthenticationData) ?? ""));

        var again = new ScramClient(PasswordGateway.User, PasswordGateway.Password);
        await client.SendAsync(ClientPackets.Auth(ReasonCode.ReAuthenticate, ScramClient.Method, again.First));
        await AnswerAsync(client, again);
        var auth = await client.ReceiveAsync(PacketType.Auth);
        Assert.Equal(ReasonCode.Success, auth.Reason);
        Assert.True(again.IsServer(auth.String(PropertyId.AuthenticationData) ?? ""));
    }

    [Theory, MemberData(nameof(Transports))]
    public async Task WrongPasswordIsRefused(ListenerKind transport)
    {
        await using var client = await RawClient.OpenAsync(users.Gateway, transport);
        var connack = await ConnectAsync(client, new ScramClient(PasswordGateway.User, "wrong"), $"wrong-{transport.Text()}");
        Assert.Equal(ReasonCode.BadUserNameOrPassword, connack.Reason);
        Assert.Empty(await client.ReceiveToEndAsync());
    }

    private static async Task<ServerPacket> ConnectAsync(RawClient client, ScramClient scram, string id)
    {
        var properties = new PropertyList { { PropertyId.AuthenticationMethod, ScramClient.Method }, { PropertyId.AuthenticationData, scram.First } };
        await client.SendAsync(ClientPackets.Connect(clientId: id, properties: properties));
        await AnswerAsync(client, scram);
        return await client.ReceiveAsync(PacketType.Connack);
    }

    private static async Task AnswerAsync(RawClient client, ScramClient scram)
    {
        var challenge = await client.ReceiveAsync(PacketType.Auth);
        Assert.Equal(ReasonCode.ContinueAuthentication, challenge.Reason);
        var answer = scram.Answer(challenge.String(PropertyId.AuthenticationData) ?? "");
        await client.SendAsync(ClientPackets.Auth(ReasonCode.ContinueAuthentication, ScramClient.Method, answer));
    }
}
