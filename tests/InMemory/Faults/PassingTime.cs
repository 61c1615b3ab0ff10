using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;

namespace GrainMQ.Tests.InMemory.Faults;

/// <summary>Steps that may have to wait for a repetition, and so for the clock.</summary>
internal static class PassingTime
{
    public static async Task<ReasonCode> PublishWhileTimePassesAsync(this InMemoryGateway gateway, MemoryClient publisher, string topic, string text)
    {
        var published = publisher.PublishAsync(topic, text, QoS.AtLeastOnce);
        await gateway.AdvanceUntilAsync(published, $"PUBACK of {text}");
        return await published;
    }

    /// <summary>Connects a durable session, again and again until it is let in.</summary>
    public static async Task<MemoryClient> ConnectWhileTimePassesAsync(this InMemoryGateway gateway, string clientId)
    {
        var start = Environment.TickCount64;
        while (true)
        {
            Stuck.Check(start, $"{clientId} to be let in");
            var client = gateway.Open();
            client.Connect(clientId, cleanStart: false, expiry: 1000);
            var connack = client.ExpectAsync(PacketType.Connack);
            await gateway.AdvanceUntilAsync(connack, "CONNACK");
            if ((await connack).Reason == ReasonCode.Success)
            {
                return client;
            }
        }
    }
}
