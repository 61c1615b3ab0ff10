using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Delivery;
using GrainMQ.Gateway.Handlers;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Unit.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Handlers;

public sealed class ConnackEncoderTests
{
    private readonly ConnectionOptions _options = new();

    [Fact]
    public void WhatIsAsTheClientExpectsIsNotSaid()
    {
        var connack = Accept(ClientPackets.Connect(keepAlive: 60));

        Assert.Equal(ReasonCode.Success, connack.Reason);
        Assert.Equal(
            [PropertyId.ReceiveMaximum, PropertyId.TopicAliasMaximum, PropertyId.MaximumPacketSize],
            connack.Properties.Select(property => property.Id).Order());
    }

    [Fact]
    public void WhatTheServerDoesNotSupportIsSaid()
    {
        (_options.MaximumQoS, _options.RetainAvailable, _options.WildcardSubscriptionAvailable) = (1, false, false);
        (_options.SubscriptionIdentifiersAvailable, _options.SharedSubscriptionAvailable, _options.TopicAliasMaximum) = (false, false, 0);
        var connack = Accept(ClientPackets.Connect());

        Assert.Equal(1u, connack.Number(PropertyId.MaximumQoS)); // [MQTT-3.2.2-9]
        Assert.Equal(0u, connack.Number(PropertyId.RetainAvailable));
        Assert.Equal(0u, connack.Number(PropertyId.WildcardSubscriptionAvailable));
        Assert.Equal(0u, connack.Number(PropertyId.SubscriptionIdentifierAvailable));
        Assert.Equal(0u, connack.Number(PropertyId.SharedSubscriptionAvailable));
        Assert.Null(connack.Number(PropertyId.TopicAliasMaximum));
    }

    [Fact]
    public void WhatTheServerChangedIsSaid()
    {
        (_options.KeepAliveMaximum, _options.SessionExpiryMaximum) = (30, TimeSpan.FromMinutes(1));
        var connack = Accept(ClientPackets.Connect(clientId: "", keepAlive: 60, properties: SamplePackets.ConnectProperties()));

        Assert.Equal(30u, connack.Number(PropertyId.ServerKeepAlive)); // [MQTT-3.2.2-21]
        Assert.Equal(60u, connack.Number(PropertyId.SessionExpiryInterval));
        Assert.StartsWith("auto-", connack.String(PropertyId.AssignedClientIdentifier)); // [MQTT-3.2.2-16]
        Assert.Equal("SCRAM", connack.String(PropertyId.AuthenticationMethod)); // [MQTT-4.12.0-5]
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SessionPresentIsTheStores(bool sessionPresent) => // [MQTT-3.2.2-2] [MQTT-3.2.2-3]
        Assert.Equal(sessionPresent, Accept(ClientPackets.Connect(), sessionPresent).SessionPresent);

    [Fact] // [MQTT-3.1.2-24]
    public void TooSmallAMaximumPacketSizeIsFoundOutBeforeTheSessionIsOpened()
    {
        var (encoder, client, packet) = Prepare(ClientPackets.Connect());
        var length = encoder.Accept(client, packet, sessionPresent: true, authenticationData: null)!.Length; // no limit: not null

        Assert.True(encoder.Fits(client with { MaximumPacketSize = (uint)length }, packet, authenticationData: null));
        Assert.False(encoder.Fits(client with { MaximumPacketSize = (uint)length - 1 }, packet, authenticationData: null));
        Assert.Null(encoder.Accept(client with { MaximumPacketSize = (uint)length - 1 }, packet, sessionPresent: true, authenticationData: null));
    }

    [Theory]
    [InlineData(ProtocolVersion.Mqtt5, ReasonCode.QuotaExceeded, new byte[] { 0x20, 3, 0, 0x97, 0 })]
    [InlineData(ProtocolVersion.Mqtt311, ReasonCode.NotAuthorized, new byte[] { 0x20, 2, 0, 5 })]
    [InlineData(ProtocolVersion.Mqtt31, ReasonCode.ServerUnavailable, new byte[] { 0x20, 2, 0, 3 })]
    public void RefusalIsAReasonAndNothingElse(ProtocolVersion version, ReasonCode reason, byte[] bytes) =>
        Assert.Equal(bytes, ConnackEncoder.Refuse(version, reason, uint.MaxValue));

    private ServerPacket Accept(byte[] connect, bool sessionPresent = false)
    {
        var (encoder, client, packet) = Prepare(connect);
        return ServerPacket.Read(encoder.Accept(client, packet, sessionPresent, authenticationData: null)!, client.Version); // samples fit
    }

    private (ConnackEncoder Encoder, Client Client, ConnectPacket Packet) Prepare(byte[] connect)
    {
        Assert.Equal(ReasonCode.Success, ConnectPacket.TryParse(PacketParser.BodyOf(connect), out var packet, out _));
        var terms = new ConnectTerms(_options, new OutboundOptions(), new DeliveryOptions());
        return (new ConnackEncoder(_options), terms.Grant(packet!), packet!); // Success
    }
}
