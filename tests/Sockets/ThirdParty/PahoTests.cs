using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>Eclipse Paho for Python: <c>Clients/paho_client.py</c>.</summary>
public sealed class PahoTests(SharedGateway shared, PahoTests.Fixture fixture) : IClassFixture<PahoTests.Fixture>
{
    [Theory, MemberData(nameof(Matrix.VersionsAndSocketTransports), MemberType = typeof(Matrix))]
    public Task EveryScenarioSucceeds(ProtocolVersion version, ListenerKind transport) =>
        ScriptAssert.SucceedsAsync(ThirdPartyClient.Paho, fixture.Runs(shared.Gateway), version, transport);

    public sealed class Fixture
    {
        private ScriptRuns? _runs;

        internal ScriptRuns Runs(SocketGateway gateway) => _runs ??= new ScriptRuns(ThirdPartyClient.Paho, gateway);
    }
}
