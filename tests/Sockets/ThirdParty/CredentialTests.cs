using System.Globalization;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using Xunit;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>User name and password as each client sends them, right and wrong; and SCRAM-SHA-256 by MQTT.js.</summary>
public sealed class CredentialTests(PasswordGateway users) : IClassFixture<PasswordGateway>
{
    public static TheoryData<ProtocolVersion, ListenerKind> MosquittoRows => MosquittoTests.Rows;

    public static TheoryData<ProtocolVersion, ListenerKind> MqttJsRows => MqttJsTests.Rows;

    [Theory, MemberData(nameof(MosquittoRows))]
    public async Task MosquittoIsLetInWithItsPasswordOnly(ProtocolVersion version, ListenerKind transport)
    {
        Assert.SkipWhen(ThirdPartyClient.Mosquitto.Missing is not null, ThirdPartyClient.Mosquitto.Missing ?? "");
        var clients = new MosquittoClients(users.Gateway, version, transport);
        string[] credentials = ["-u", PasswordGateway.User, "-P", PasswordGateway.Password];
        await using var subscriber = await clients.SubscribeAsync("in", ["-t", clients.Name("t"), "-q", "1", "-C", "1", .. credentials]);
        await clients.PublishAsync("pub", ["-t", clients.Name("t"), "-q", "1", "-m", "hello", .. credentials]);
        Assert.Equal(["hello"], await subscriber.EndAsync());

        await RefusedAsync(clients, version, ["-u", PasswordGateway.User, "-P", "wrong"], badPassword: true);
        await RefusedAsync(clients, version, ["-u", "nobody", "-P", PasswordGateway.Password], badPassword: true);
        await RefusedAsync(clients, version, [], badPassword: false);
    }

    [Theory, MemberData(nameof(Matrix.VersionsAndSocketTransports), MemberType = typeof(Matrix))]
    public Task PahoIsLetInWithItsPasswordOnly(ProtocolVersion version, ListenerKind transport) =>
        LetInAsync(ThirdPartyClient.Paho, "paho_password.py", version, transport);

    [Theory, MemberData(nameof(MqttJsRows))]
    public Task MqttJsIsLetInWithItsPasswordOnly(ProtocolVersion version, ListenerKind transport) =>
        LetInAsync(ThirdPartyClient.MqttJs, "mqttjs_password.mjs", version, transport);

    /// <summary>mosquitto_pub ends with the return code of 3.x, or the reason code of MQTT 5, as its exit code.</summary>
    private static async Task RefusedAsync(MosquittoClients clients, ProtocolVersion version, string[] credentials, bool badPassword)
    {
        var code = version == ProtocolVersion.Mqtt5
            ? (int)(badPassword ? ReasonCode.BadUserNameOrPassword : ReasonCode.NotAuthorized)
            : badPassword ? 4 : 5;
        await using var refused = clients.Start("mosquitto_pub", "out", ["-t", "t", "-m", "x", .. credentials]);
        await refused.EndAsync(code);
    }

    private async Task LetInAsync(ThirdPartyClient client, string script, ProtocolVersion version, ListenerKind transport)
    {
        Assert.SkipWhen(client.MissingOn(transport) is not null, client.MissingOn(transport) ?? "");
        var endPoint = users.Gateway.EndPoint(transport);
        await using var process = client.StartScript(
            script, version.Text(), transport.Text(), endPoint.Address.ToString(), endPoint.Port.ToString(CultureInfo.InvariantCulture),
            users.Gateway.CertificatePath, PasswordGateway.User, PasswordGateway.Password);
        string[] expected = version == ProtocolVersion.Mqtt5 && client == ThirdPartyClient.MqttJs
            ? ["right: in", "wrong: refused", "scram: in", "scram wrong: refused"]
            : ["right: in", "wrong: refused"];
        Assert.Equal(expected, await process.EndAsync());
    }
}
