using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>mosquitto_pub and mosquitto_sub over a Unix domain socket.</summary>
public sealed class MosquittoUnixTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public static TheoryData<ProtocolVersion> Versions => new(Matrix.Versions);

    public void Dispose() => _directory.Dispose();

    [Theory, MemberData(nameof(Versions))]
    public async Task MessagesArriveAtEveryQoS(ProtocolVersion version)
    {
        Assert.SkipWhen(ThirdPartyClient.Mosquitto.Missing is not null, ThirdPartyClient.Mosquitto.Missing ?? "");
        var path = _directory.File("mqtt.sock");
        await using var gateway = await SocketGateway.StartAsync(configure: options =>
        {
            options.Listeners.Clear();
            options.Listeners.Add(new() { Name = "unix", Kind = ListenerKind.Unix, Address = path });
        });
        string[] common = ["--unix", path, "-V", version switch { ProtocolVersion.Mqtt31 => "mqttv31", ProtocolVersion.Mqtt311 => "mqttv311", _ => "mqttv5" }];
        await using var subscriber = ClientProcess.Start("mosquitto_sub", [.. common, "-i", "subscriber", "-t", "#", "-q", "2", "-C", "3", "-F", "%q %p"]);
        await gateway.SubscribedAsync("subscriber");

        for (var qos = 0; qos <= 2; qos++)
        {
            await using var publisher = ClientProcess.Start("mosquitto_pub", [.. common, "-t", "a/b", "-q", $"{qos}", "-m", $"message {qos}"]);
            await publisher.EndAsync();
        }

        Assert.Equal(["0 message 0", "1 message 1", "2 message 2"], await subscriber.EndAsync());
        Assert.Contains(gateway.Log.Lines, line => line.EventId == 4300 && line.Message.EndsWith($"Unix on unix from {path}", StringComparison.Ordinal));
    }
}
