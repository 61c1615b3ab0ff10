using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Handlers;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Unit.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Handlers;

public sealed class ConnectTermsTests
{
    private readonly ConnectionOptions _options = new();

    [Fact]
    public void BeforeConnectTheClientIsUnknown()
    {
        Assert.Equal("", Client.Unknown.Id);
        Assert.Equal(ProtocolVersion.Mqtt5, Client.Unknown.Version);
        Assert.Equal((uint)FixedHeader.LargestPacket, Client.Unknown.MaximumPacketSize);
        Assert.Null(Client.Unknown.Will);
    }

    [Fact]
    public void ClientGetsWhatItAsksForWithinTheLimits()
    {
        var client = Grant(ClientPackets.Connect(clientId: "sensor-7", cleanStart: false, keepAlive: 60, properties: SamplePackets.ConnectProperties()));

        Assert.Equal("sensor-7", client.Id);
        Assert.False(client.CleanStart);
        Assert.Equal(60, client.KeepAlive);
        Assert.Equal(3600u, client.SessionExpiry);
        Assert.Equal(20, client.ReceiveMaximum);
        Assert.Equal(65536u, client.MaximumPacketSize);
        Assert.Equal(10, client.TopicAliasMaximum);
        Assert.Null(client.UserName);
    }

    [Fact]
    public void ServerBoundsHold()
    {
        _options.SessionExpiryMaximum = TimeSpan.FromMinutes(1);
        var terms = new ConnectTerms(_options, new OutboundOptions { TopicAliasMaximum = 3 }, new DeliveryOptions { MaximumInFlight = 5 });
        var client = terms.Grant(Parse(ClientPackets.Connect(properties: SamplePackets.ConnectProperties())));

        Assert.Equal(60u, client.SessionExpiry);
        Assert.Equal(5, client.ReceiveMaximum);
        Assert.Equal(3, client.TopicAliasMaximum);
    }

    [Fact] // [MQTT-3.1.3-6]
    public void ClientWithoutAnIdentifierIsAssignedOneOfItsOwn()
    {
        var connect = ClientPackets.Connect(clientId: "");

        Assert.StartsWith("auto-", Grant(connect).Id);
        Assert.NotEqual(Grant(connect).Id, Grant(connect).Id);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt5, 0, 60, 60)] // no maximum
    [InlineData(ProtocolVersion.Mqtt5, 30, 20, 20)]
    [InlineData(ProtocolVersion.Mqtt5, 30, 60, 30)] // [MQTT-3.2.2-21]
    [InlineData(ProtocolVersion.Mqtt5, 30, 0, 30)]
    [InlineData(ProtocolVersion.Mqtt311, 30, 60, 60)] // cannot be told
    [InlineData(ProtocolVersion.Mqtt31, 30, 0, 0)]
    public void KeepAliveIsBoundedWhereTheClientCanBeTold(ProtocolVersion version, int maximum, int asked, int granted)
    {
        _options.KeepAliveMaximum = (ushort)maximum;

        Assert.Equal(granted, Grant(ClientPackets.Connect(version, keepAlive: (ushort)asked)).KeepAlive);
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311, true, 0)]
    [InlineData(ProtocolVersion.Mqtt311, false, 7 * 24 * 3600)]
    [InlineData(ProtocolVersion.Mqtt5, true, 0)] // the interval decides, not Clean Start
    [InlineData(ProtocolVersion.Mqtt5, false, 0)]
    public void OlderSessionsThatAreNotCleanLiveAsLongAsTheServerAllows(ProtocolVersion version, bool cleanStart, int seconds) =>
        Assert.Equal((uint)seconds, Grant(ClientPackets.Connect(version, cleanStart: cleanStart)).SessionExpiry);

    [Fact]
    public void OnlyAClientThatIsLetInHasAWill()
    {
        var packet = Parse(ClientPackets.Connect(will: SamplePackets.Will()));
        var client = Terms().Grant(packet);

        Assert.Null(client.Will);
        Assert.NotNull(ConnectTerms.Admit(client, packet, "alice").Will);
        Assert.Equal("alice", ConnectTerms.Admit(client, packet, "alice").UserName);
    }

    [Theory]
    [InlineData(QoS.AtLeastOnce, false, "a/b", ReasonCode.Success)]
    [InlineData(QoS.ExactlyOnce, false, "a/b", ReasonCode.QoSNotSupported)] // [MQTT-3.2.2-12]
    [InlineData(QoS.AtMostOnce, true, "a/b", ReasonCode.RetainNotSupported)] // [MQTT-3.2.2-13]
    [InlineData(QoS.AtMostOnce, false, "a/b/c", ReasonCode.TopicNameInvalid)]
    public void WillHasToBeOneThatTheServerTakes(QoS qos, bool retain, string topic, ReasonCode reason)
    {
        (_options.MaximumQoS, _options.RetainAvailable, _options.MaximumTopicLevels) = (1, false, 2);
        var packet = Parse(ClientPackets.Connect(will: new ClientWill(topic, [1], qos, retain)));

        Assert.Equal(reason, Terms().Check(packet.Will!)); // it was sent
    }

    private ConnectTerms Terms() => new(_options, new OutboundOptions(), new DeliveryOptions());

    private Client Grant(byte[] connect) => Terms().Grant(Parse(connect));

    private static ConnectPacket Parse(byte[] connect)
    {
        Assert.Equal(ReasonCode.Success, ConnectPacket.TryParse(PacketParser.BodyOf(connect), out var packet, out _));
        return packet!; // Success
    }
}
