using System.Net.Sockets;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Crash;

/// <summary>A client with a durable session that comes back as often as its broker does.</summary>
internal abstract class CrashClient(MortalBroker broker, string clientId)
{
    private bool _hasSession;

    protected string ClientId => clientId;

    /// <summary>Runs one connection after the other until the client has done what it came for.</summary>
    public async Task RunAsync()
    {
        while (!IsDone)
        {
            try
            {
                await using var client = await ConnectAsync();
                await ServeAsync(client);
            }
            catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException)
            {
                // expected: the broker was killed
            }
        }
    }

    protected abstract bool IsDone { get; }

    /// <summary>One connection, from CONNACK to its end.</summary>
    protected abstract Task ServeAsync(RawClient client);

    private async Task<RawClient> ConnectAsync()
    {
        var client = await RawClient.OpenAsync(await broker.Up, ProtocolVersion.Mqtt5, mayBreakOff: true);
        var properties = new PropertyList { { PropertyId.SessionExpiryInterval, 100_000u } };
        await client.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt5, clientId, cleanStart: false, properties: properties));
        var connack = await client.ReceiveAsync() ?? throw new IOException("killed before CONNACK");
        Assert.True(connack.Type == PacketType.Connack && connack.Reason == ReasonCode.Success, $"{clientId}: {connack}");
        Assert.True(connack.SessionPresent || !_hasSession, $"The session of {clientId} is gone.");
        _hasSession = true;
        return client;
    }
}
