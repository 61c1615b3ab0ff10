using System.Reflection;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Hosting;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace GrainMQ.Tests.InMemory;

/// <summary>
/// The host makes all its services before it starts one. Until the client of a cluster has started it cannot make references to grains, and whatever
/// is made in that time must not ask for one.
/// </summary>
public sealed class UnconnectedStartTests
{
    [Fact]
    public async Task NoServiceAsksForAGrainBeforeItIsStarted()
    {
        var gateway = InMemoryGateway.Create(
            new ManualTimeProvider(), services: services => services.AddSingleton(_ => DispatchProxy.Create<IGrainFactory, NotConnected>()));
        await using var services = (ServiceProvider)gateway.Services;
        Assert.NotEmpty(services.GetServices<IHostedService>());
        Assert.NotNull(services.GetRequiredService<GatewayService>());
        Assert.NotNull(services.GetRequiredService<IConnectionHandler>()); // with all handlers
    }

    public class NotConnected : DispatchProxy
    {
        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => throw new InvalidOperationException("The client is not connected.");
    }
}
