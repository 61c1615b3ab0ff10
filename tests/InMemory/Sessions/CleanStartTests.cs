using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Sessions;

/// <summary>Clean Start, Session Expiry Interval and Session Present. MQTT 5 §3.1.2.4, §3.1.2.11.2, §3.2.2.1.1.</summary>
public sealed class CleanStartTests
{
    public static TheoryData<ProtocolVersion> Versions => [ProtocolVersion.Mqtt31, ProtocolVersion.Mqtt311, ProtocolVersion.Mqtt5];

    [Theory]
    [InlineData(ProtocolVersion.Mqtt311)]
    [InlineData(ProtocolVersion.Mqtt5)]
    public async Task SessionIsPresentWhenItOutlivedItsConnection(ProtocolVersion version)
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        uint? expiry = version == ProtocolVersion.Mqtt5 ? 100 : null;

        var first = await gateway.ConnectAsync("c", cleanStart: false, expiry, version, sessionPresent: false);
        await gateway.DisconnectAsync(first);
        var second = await gateway.ConnectAsync("c", cleanStart: false, expiry, version, sessionPresent: true);
        await gateway.DropAsync(second);

        await gateway.ConnectAsync("c", cleanStart: true, expiry, version, sessionPresent: false);
    }

    [Fact] // MQTT 3.1 has no Session Present; its byte is reserved
    public async Task SessionPresentIsNotToldToMqtt31()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var first = await gateway.ConnectAsync("c", cleanStart: false, version: ProtocolVersion.Mqtt31);
        await first.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.DropAsync(first);

        var second = gateway.Open();
        second.Version = ProtocolVersion.Mqtt31;
        second.Send(ClientPackets.Connect(ProtocolVersion.Mqtt31, "c", cleanStart: false));
        Assert.Equal([0x20, 2, 0, 0], await second.ReceivePacketAsync());

        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "kept", QoS.AtLeastOnce);
        await second.ExpectPublishAsync("kept");
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public async Task CleanStartForgetsSubscriptionsAndMessages(ProtocolVersion version) // [MQTT-3.1.2-4]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        uint? expiry = version == ProtocolVersion.Mqtt5 ? 100 : null;
        var first = await gateway.ConnectAsync("c", cleanStart: false, expiry, version);
        await first.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.DropAsync(first);
        var publisher = await gateway.ConnectAsync("p");
        await publisher.PublishAsync("t", "old", QoS.AtLeastOnce);

        var second = await gateway.ConnectAsync("c", cleanStart: true, expiry, version, sessionPresent: false);
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("t", "new", QoS.AtLeastOnce));
        await second.NothingMoreAsync();
        Assert.Empty((await gateway.SessionInfoAsync("c")).Subscriptions);
    }

    [Fact]
    public async Task SessionWithoutExpiryEndsWithItsConnection() // [MQTT-3.1.2-23]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var first = await gateway.ConnectAsync("c", cleanStart: true, expiry: null);
        await first.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.DropAsync(first);

        Assert.False((await gateway.SessionInfoAsync("c")).Exists);
        Assert.Equal(0, gateway.Sessions.Count);
        await gateway.ConnectAsync("c", cleanStart: false, sessionPresent: false);
    }

    [Fact]
    public async Task SessionExpiresAfterItsIntervalAndNotBefore()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 60);
        await client.SubscribeAsync("t", QoS.AtLeastOnce);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(90)); // connected: no time counts
        await gateway.DropAsync(client);

        await gateway.AdvanceAsync(TimeSpan.FromSeconds(58));
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 60, sessionPresent: true);
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(62));

        var publisher = await gateway.ConnectAsync("p");
        Assert.Equal(ReasonCode.NoMatchingSubscribers, await publisher.PublishAsync("t", "late", QoS.AtLeastOnce));
        Assert.Equal(1, gateway.Sessions.Count); // the publisher's
        await gateway.ConnectAsync("c", cleanStart: false, expiry: 60, sessionPresent: false);
    }

    [Fact]
    public async Task GatewayHoldsNothingForASessionWithoutSubscriptions()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 60);
        client.Send(ClientPackets.Publish("t", "m", QoS.ExactlyOnce, 7));
        await client.ExpectAsync(PacketType.Pubrec, 7);
        await gateway.DropAsync(client);
        Assert.Equal(0, gateway.Sessions.Count);
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 60, sessionPresent: true);
        client.Send(ClientPackets.Pubrel(7));
        Assert.Equal(ReasonCode.Success, (await client.ExpectAsync(PacketType.Pubcomp, 7)).Reason); // what it left open is on record
    }

    [Fact]
    public async Task LongestIntervalNeverExpires() // §3.1.2.11.2: 0xFFFFFFFF
    {
        await using var gateway = await InMemoryGateway.StartAsync(
            options => options.Connections.SessionExpiryMaximum = TimeSpan.FromSeconds(uint.MaxValue));
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: uint.MaxValue);
        await gateway.DropAsync(client);
        gateway.Time.Leap(TimeSpan.FromDays(1));
        await gateway.AdvanceAsync(TimeSpan.FromMinutes(1));
        await gateway.ConnectAsync("c", cleanStart: false, expiry: uint.MaxValue, sessionPresent: true);
    }

    [Fact]
    public async Task ServerLowersALongIntervalAndSaysSo() // §3.2.2.3.2
    {
        await using var gateway = await InMemoryGateway.StartAsync(
            options => options.Connections.SessionExpiryMaximum = TimeSpan.FromSeconds(50));
        var client = gateway.Open();
        var connack = await client.ConnectAsync("c", cleanStart: false, expiry: 1000);
        Assert.Equal(50u, connack.Number(PropertyId.SessionExpiryInterval));
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(52));
        await gateway.ConnectAsync("c", cleanStart: false, expiry: 50, sessionPresent: false);
    }

    [Fact]
    public async Task IntervalWithinTheCapIsNotRepeated()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var connack = await gateway.Open().ConnectAsync("c", cleanStart: false, expiry: 1000);
        Assert.Null(connack.Number(PropertyId.SessionExpiryInterval));
    }

    [Fact]
    public async Task OlderVersionsGetTheServersInterval()
    {
        await using var gateway = await InMemoryGateway.StartAsync(
            options => options.Connections.SessionExpiryMaximum = TimeSpan.FromSeconds(50));
        var client = await gateway.ConnectAsync("c", cleanStart: false, version: ProtocolVersion.Mqtt311);
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(48));
        client = await gateway.ConnectAsync("c", cleanStart: false, version: ProtocolVersion.Mqtt311, sessionPresent: true);
        await gateway.DropAsync(client);
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(52));
        await gateway.ConnectAsync("c", cleanStart: false, version: ProtocolVersion.Mqtt311, sessionPresent: false);
    }

    [Fact]
    public async Task DisconnectChangesTheInterval() // §3.14.2.2.2
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000);
        await gateway.DisconnectAsync(client, ReasonCode.Success, new PropertyList { { PropertyId.SessionExpiryInterval, 10 } });
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(12));
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 10, sessionPresent: false);

        await gateway.DisconnectAsync(client, ReasonCode.Success, new PropertyList { { PropertyId.SessionExpiryInterval, 1000 } });
        await gateway.AdvanceAsync(TimeSpan.FromSeconds(900));
        client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 10, sessionPresent: true);

        await gateway.DisconnectAsync(client, ReasonCode.Success, new PropertyList { { PropertyId.SessionExpiryInterval, 0 } });
        await gateway.ConnectAsync("c", cleanStart: false, sessionPresent: false);
    }

    [Fact]
    public async Task DisconnectEndsTheSessionEvenWhenTheClientIsBackAtOnce()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        for (var i = 0; i < 200; i++)
        {
            var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 1000, sessionPresent: false);
            client.Send(ClientPackets.Disconnect(
                ProtocolVersion.Mqtt5, ReasonCode.Success, new PropertyList { { PropertyId.SessionExpiryInterval, 0 } }));
            await client.ClosedAsync();
        }
    }

    [Fact]
    public async Task DisconnectCannotKeepASessionThatWasToEnd() // [MQTT-3.14.2-2], §3.14.2.2.2
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = await gateway.ConnectAsync("c", cleanStart: false, expiry: 0);
        client.Send(ClientPackets.Disconnect(
            ProtocolVersion.Mqtt5, ReasonCode.Success, new PropertyList { { PropertyId.SessionExpiryInterval, 10 } }));
        await client.ExpectDisconnectAsync(ReasonCode.ProtocolError);
        await gateway.GoneAsync(client);
        await gateway.ConnectAsync("c", cleanStart: false, sessionPresent: false);
    }

    [Fact]
    public async Task ServerAssignsAClientIdentifier() // [MQTT-3.1.3-6] [MQTT-3.2.2-16]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var first = await gateway.Open().ConnectAsync("");
        var second = await gateway.Open().ConnectAsync("");
        var id = first.String(PropertyId.AssignedClientIdentifier);
        Assert.False(string.IsNullOrEmpty(id));
        Assert.NotEqual(id, second.String(PropertyId.AssignedClientIdentifier));
        Assert.Equal(2, gateway.Sessions.Count);
        Assert.True((await gateway.SessionInfoAsync(id)).Exists);
    }

    [Fact]
    public async Task AnAssignedIdentifierCanBeUsedToComeBack()
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.Open();
        var connack = await client.ConnectAsync("", cleanStart: true, expiry: 100);
        await gateway.DropAsync(client);
        await gateway.ConnectAsync(connack.String(PropertyId.AssignedClientIdentifier)!, cleanStart: false, expiry: 100, sessionPresent: true);
    }

    [Fact]
    public async Task EmptyIdentifierOfOlderVersionsNeedsACleanSession() // [MQTT-3.1.3-8]
    {
        await using var gateway = await InMemoryGateway.StartAsync();
        var client = gateway.Open();
        var connack = await client.ConnectAsync("", cleanStart: false, version: ProtocolVersion.Mqtt311);
        Assert.Equal(2, (int)connack.Reason);
        await client.ExpectClosedAsync();
        await gateway.ConnectAsync("", cleanStart: true, version: ProtocolVersion.Mqtt311);
    }
}
