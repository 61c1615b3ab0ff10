using System.Net;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Disks;

/// <summary>What clients say to a broker in another process, one step each.</summary>
internal static class DiskClients
{
    private const ProtocolVersion V5 = ProtocolVersion.Mqtt5;

    /// <summary>A connection with CONNECT sent; CONNACK is the first packet that it gets.</summary>
    public static async Task<RawClient> OpenAsync(string broker, string clientId, bool durable = false, ProtocolVersion version = V5)
    {
        var client = await RawClient.OpenAsync(IPEndPoint.Parse(broker), version, mayBreakOff: false);
        var properties = durable ? new PropertyList { { PropertyId.SessionExpiryInterval, 1000u } } : null;
        await client.SendAsync(ClientPackets.Connect(version, clientId, cleanStart: !durable, properties: properties));
        return client;
    }

    public static async Task<RawClient> ConnectAsync(string broker, string clientId, bool durable = false, ProtocolVersion version = V5)
    {
        var client = await OpenAsync(broker, clientId, durable, version);
        Assert.Equal(ReasonCode.Success, (await client.ReceiveAsync(PacketType.Connack)).Reason);
        return client;
    }

    public static async Task<ReasonCode> SubscribeAsync(this RawClient client, string filter, QoS qos = QoS.AtLeastOnce)
    {
        await client.SendAsync(ClientPackets.Subscribe(1, filter, qos, client.Version));
        return Assert.Single((await client.ReceiveAsync(PacketType.Suback)).Reasons);
    }

    /// <summary>The reason code of PUBACK, or null when the broker ends the connection instead.</summary>
    public static async Task<ReasonCode?> PublishAsync(this RawClient client, string topic, string text, ushort packetId = 1, bool retain = false)
    {
        await client.SendAsync(ClientPackets.Publish(topic, text, QoS.AtLeastOnce, packetId, retain, version: client.Version));
        var answer = await client.ReceiveAsync();
        Assert.True(answer is null or { Type: PacketType.Puback }, $"{answer}");
        return answer?.Reason;
    }

    /// <summary>Messages as they come, acknowledged, up to one that ends the list.</summary>
    public static async Task<List<string>> ReceiveUntilAsync(this RawClient client, string last)
    {
        var texts = new List<string>();
        while (texts.LastOrDefault() != last)
        {
            var publish = await client.ReceiveAsync(PacketType.Publish);
            texts.Add(publish.Text);
            if (publish.QoS == QoS.AtLeastOnce)
            {
                await client.SendAsync(ClientPackets.Puback(publish.PacketId, client.Version));
            }
        }

        return texts;
    }
}
