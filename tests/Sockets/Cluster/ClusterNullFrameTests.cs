using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using GrainMQ.Tests.Sockets.Processes;
using GrainMQ.Tests.Sockets.Raw;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Sockets.Cluster;

/// <summary>Invariant I1 with the session's grain in another process: a gateway here, its silo there.</summary>
public sealed class ClusterNullFrameTests
{
    private const int NullFrameEvent = 4310;
    private const string ClientId = "victim";

    [Fact]
    public async Task NullFrameEndsTheConnectionAndTheActivationInTheSiloAndKeepsTheSession()
    {
        using var silo = SiloRun.Start("plant");
        await silo.StartedAsync();
        await using var gateway = await SocketGateway.StartAsync(configure: options =>
            (options.Cluster.Role, options.Cluster.Id, options.Cluster.GatewayPort) = (GatewayRole.Gateway, silo.Cluster, silo.GatewayPort));
        gateway.ExpectError(NullFrameEvent);
        await using var client = await RawClient.ConnectAsync(gateway, ListenerKind.Tcp, ProtocolVersion.Mqtt5, ClientId, durable: true);
        await client.SendAsync(ClientPackets.Subscribe(1, "a", QoS.AtLeastOnce));
        await client.ReceiveAsync(PacketType.Suback);
        var session = gateway.Services.GetRequiredService<IGrainFactory>().GetGrain<ISessionGrain>(SessionRegistry.KeyOf(ClientId));
        await session.GetInfoAsync(); // its activation is in use when the null frame comes
        Assert.True(await IsActiveAsync(gateway, session));

        var connection = await gateway.ConnectionOfAsync(ClientId);
        Assert.True(connection.Outbound.TryEnqueue(default));
        connection.FlushOutbound();

        var last = (await client.ReceiveToEndAsync())[^1];
        Assert.Equal((PacketType.Disconnect, ReasonCode.ImplementationSpecificError), (last.Type, last.Reason));
        var start = Environment.TickCount64;
        while (await IsActiveAsync(gateway, session))
        {
            Stuck.Check(start, "the activation to end");
        }

        await using var resumed = await RawClient.OpenAsync(gateway, ListenerKind.Tcp);
        Assert.True((await resumed.ConnectAsync(ClientId, durable: true)).SessionPresent);
        Assert.Single(gateway.Log.Lines, line => line.EventId == NullFrameEvent);
    }

    private static async Task<bool> IsActiveAsync(SocketGateway gateway, ISessionGrain session)
    {
        var activations = await gateway.Services.GetRequiredService<IGrainFactory>().GetGrain<IManagementGrain>(0).GetDetailedGrainStatistics();
        return activations.Any(activation => activation.GrainId == session.GetGrainId());
    }
}
