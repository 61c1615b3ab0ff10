using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Messages;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Tests.Testing;
using GrainMQ.Tests.Unit.Connections;
using GrainMQ.Tests.Unit.Protocol;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

public sealed class WillsTests
{
    public static TheoryData<string> EveryEnd => [.. Enum.GetNames<CloseCause>()];

    [Theory]
    [InlineData(null, true, nameof(WillFate.None))]
    [InlineData(null, false, nameof(WillFate.None))]
    [InlineData(0u, true, nameof(WillFate.Publish))] // [MQTT-3.1.2-8]
    [InlineData(0u, false, nameof(WillFate.Publish))]
    [InlineData(30u, true, nameof(WillFate.Delay))] // [MQTT-3.1.3-9]
    [InlineData(30u, false, nameof(WillFate.Publish))] // the session ends, and with it the delay
    public void FateDependsOnTheDelayAndOnWhetherTheSessionGoesOn(uint? delay, bool isDurable, string fate) =>
        Assert.Equal(fate, Wills.FateOf(delay is { } seconds ? WillOf(seconds) : null, isDurable).ToString());

    [Theory] // [MQTT-3.14.4-3]
    [MemberData(nameof(EveryEnd))]
    public void OnlyDisconnectWithReason0DiscardsTheWill(string end)
    {
        var cause = Enum.Parse<CloseCause>(end);
        using var fixture = new ConnectionFixture();
        var will = WillOf(0);
        fixture.Connection.Client = new Client(ProtocolVersion.Mqtt5, "c") { Will = will };
        if (cause != CloseCause.None)
        {
            fixture.Connection.Close(cause);
        }

        Assert.Equal(cause == CloseCause.ClientDisconnect ? null : will, Wills.WillOf(fixture.Connection));
        Assert.Equal(cause == CloseCause.ClientDisconnect, Wills.RecordOf(fixture.Connection) is null);
    }

    [Fact]
    public void DisconnectAfterATakeoverDiscardsNothing()
    {
        using var fixture = new ConnectionFixture();
        fixture.Connection.Client = new Client(ProtocolVersion.Mqtt5, "c") { Will = WillOf(0) };
        fixture.Connection.Close(CloseCause.TakenOver);
        fixture.Connection.Close(CloseCause.ClientDisconnect);

        Assert.NotNull(Wills.WillOf(fixture.Connection));
    }

    [Fact]
    public void StoreGetsTheDelayWithTheMessage()
    {
        using var fixture = new ConnectionFixture();
        fixture.Connection.Client = new Client(ProtocolVersion.Mqtt5, "c") { Will = WillOf(30) };

        var record = Wills.RecordOf(fixture.Connection);
        Assert.Equal(30u, record?.DelaySeconds);
        Assert.True(Message.TryRead(record?.Message, out var message));
        Assert.Equal("t", System.Text.Encoding.UTF8.GetString(message.Topic));
    }

    private static Will WillOf(uint delay)
    {
        PropertyList properties = new() { { PropertyId.WillDelayInterval, delay } };
        var connect = ClientPackets.Connect(will: new ClientWill("t", [1], Properties: properties));
        Assert.Equal(ReasonCode.Success, ConnectPacket.TryParse(PacketParser.BodyOf(connect), out var packet, out _));
        return new Will(packet!.Will!); // it was sent
    }
}
