using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.Load;

/// <summary>Publishes at QoS 1 with up to 512 messages open, 32 to a write.</summary>
internal static class PipelinedPublisher
{
    private const int Window = 512;
    private const int Burst = 32;

    /// <param name="port">The broker's.</param>
    /// <param name="clientId">Its client identifier.</param>
    /// <param name="messages">How many.</param>
    /// <param name="publish">The PUBLISH of MQTT 3.1.1 with that number and packet identifier.</param>
    public static async Task RunAsync(int port, string clientId, int messages, Func<int, ushort, byte[]> publish)
    {
        using var client = new LoadClient();
        await client.ConnectAsync(port);
        await client.SendAsync(ClientPackets.Connect(ProtocolVersion.Mqtt311, clientId));
        await client.ReceiveAsync();
        var sent = 0;
        for (var acknowledged = 0; acknowledged < messages; acknowledged++)
        {
            while (sent < messages && sent - acknowledged <= Window - Burst)
            {
                var next = Math.Min(Burst, messages - sent);
                await client.SendAsync(Enumerable.Range(sent, next).SelectMany(number => publish(number, (ushort)((number % Window) + 1))).ToArray());
                sent += next;
            }

            if (!client.TryReceive(out _) && (await client.ReceiveAsync()).IsEmpty)
            {
                throw new InvalidOperationException("The broker closed the publisher's connection.");
            }
        }
    }
}
