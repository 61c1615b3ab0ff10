using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Hosting;

/// <summary>A certificate replaced on disk while clients publish and others connect.</summary>
public sealed class ReloadUnderLoadTests
{
    private const int Clients = 20;
    private const int Replacements = 5;

    [Fact]
    public async Task NewConnectionsGetTheNewCertificateAndNoneIsLost()
    {
        var (certificate, key) = ("", "");
        await using var gateway = await SocketGateway.StartAsync(configure: options => (certificate, key) = (options.Tls.Certificate ?? "", options.Tls.Key ?? ""));
        using var stop = new CancellationTokenSource();
        var running = Enumerable.Range(0, Clients).Select(i => PublishToItselfAsync(gateway, i, stop.Token)).ToArray();
        var newcomers = ConnectAgainAndAgainAsync(gateway, stop.Token);

        for (var i = 1; i <= Replacements; i++)
        {
            using var next = TestCertificate.Create($"certificate {i}");
            TestCertificate.WritePem(next, certificate, key);
            var start = Environment.TickCount64;
            while (await SubjectAsync(gateway) != next.Subject)
            {
                Stuck.Check(start, "the new certificate");
            }

            Assert.All(running, client => Assert.False(client.IsCompleted));
        }
        await stop.CancelAsync();

        Assert.All(await Task.WhenAll(running).OrStuck("the clients"), messages => Assert.NotEqual(0, messages));
        Assert.NotEqual(0, await newcomers.OrStuck("the newcomers"));
        Assert.DoesNotContain(gateway.Log.Lines, line => line.EventId == 1110); // no handshake failed either
        Assert.True(gateway.Log.Lines.Count(line => line.EventId == 1121) >= Replacements);
    }

    /// <returns>How many messages came back, each before the next one was sent.</returns>
    private static async Task<int> PublishToItselfAsync(SocketGateway gateway, int id, CancellationToken stop)
    {
        await using var stream = await new SecureClient().ConnectAsync(gateway.EndPoint(ListenerKind.Tls));
        await stream.WriteAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, $"reload-{id}"), CancellationToken.None);
        await stream.ReadExactlyAsync(new byte[4]).AsTask().OrStuck("CONNACK");
        await stream.WriteAsync(ClientPackets.Subscribe(1, $"reload/{id}", QoS.AtMostOnce, ProtocolVersion.Mqtt311), CancellationToken.None);
        await stream.ReadExactlyAsync(new byte[5]).AsTask().OrStuck("SUBACK");
        var message = ClientPackets.Publish($"reload/{id}", "x", version: ProtocolVersion.Mqtt311);
        var count = 0;
        for (; !stop.IsCancellationRequested; count++)
        {
            await stream.WriteAsync(message, CancellationToken.None);
            await stream.ReadExactlyAsync(new byte[message.Length]).AsTask().OrStuck("the message");
        }
        return count;
    }

    private static async Task<int> ConnectAgainAndAgainAsync(SocketGateway gateway, CancellationToken stop)
    {
        var count = 0;
        for (; !stop.IsCancellationRequested; count++)
        {
            await SubjectAsync(gateway);
        }

        return count;
    }

    // A whole visit: TLS 1.3 clients are done before the server is, so it waits for CONNACK.
    private static async Task<string?> SubjectAsync(SocketGateway gateway)
    {
        await using var stream = await new SecureClient().ConnectAsync(gateway.EndPoint(ListenerKind.Tls));
        await stream.WriteAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, ""));
        await stream.ReadExactlyAsync(new byte[4]).AsTask().OrStuck("CONNACK");
        await stream.WriteAsync(ClientPackets.Disconnect(ProtocolVersion.Mqtt311));
        return stream.RemoteCertificate?.Subject;
    }
}
