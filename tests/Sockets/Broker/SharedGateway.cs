using GrainMQ.Tests.Sockets.Broker;
using GrainMQ.Tests.Testing;
using Xunit;

[assembly: AssemblyFixture(typeof(SharedGateway))]

namespace GrainMQ.Tests.Sockets.Broker;

/// <summary>One broker for every test that has nothing to configure: they meet on it, each with clients and topics of its own.</summary>
public sealed class SharedGateway : IAsyncLifetime
{
    private SocketGateway? _gateway;

    internal SocketGateway Gateway => _gateway ?? throw new InvalidOperationException("The broker is not started.");

    public async ValueTask InitializeAsync() => _gateway = await SocketGateway.StartAsync();

    public ValueTask DisposeAsync() => Gateway.DisposeAsync();
}
