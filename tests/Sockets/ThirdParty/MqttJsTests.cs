using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>MQTT.js: <c>Clients/mqttjs_client.mjs</c>, on QUIC with a stream of quiche's.</summary>
public sealed class MqttJsTests(SharedGateway shared, MqttJsTests.Fixture fixture) : IClassFixture<MqttJsTests.Fixture>
{
    public static TheoryData<ProtocolVersion, ListenerKind> Rows => new(
        from version in Matrix.Versions
        from transport in ThirdPartyClient.MqttJs.Transports
        select (version, transport));

    [Theory, MemberData(nameof(Rows))]
    public Task EveryScenarioSucceeds(ProtocolVersion version, ListenerKind transport) =>
        ScriptAssert.SucceedsAsync(ThirdPartyClient.MqttJs, fixture.Runs(shared.Gateway), version, transport);

    public sealed class Fixture
    {
        private ScriptRuns? _runs;

        internal ScriptRuns Runs(SocketGateway gateway) => _runs ??= new ScriptRuns(ThirdPartyClient.MqttJs, gateway);
    }
}
