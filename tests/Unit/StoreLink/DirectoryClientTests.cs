using System.Reflection;
using GrainMQ.Gateway.StoreLink;
using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Unit.StoreLink;

public sealed class DirectoryClientTests
{
    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public async Task SilosOfTheVersionBeforeAndAfterAreJoined(int difference) => await ClientOf(ContractVersion.Current + difference).JoinAsync();

    [Theory]
    [InlineData(-2)]
    [InlineData(2)]
    public async Task SilosThatThisGatewayDoesNotUnderstandAreNotJoined(int difference)
    {
        var version = ContractVersion.Current + difference;
        var refusal = await Assert.ThrowsAsync<StartupException>(() => ClientOf(version).JoinAsync());
        Assert.Contains($"version {version} of the contracts, and this gateway version {ContractVersion.Current}", refusal.Message);
        Assert.Contains("upgrade the silos first", refusal.Message);
    }

    private static DirectoryClient ClientOf(int contracts)
    {
        var grains = DispatchProxy.Create<IGrainFactory, Factory>();
        ((Factory)(object)grains).Directory = new Directory(contracts);
        return new DirectoryClient(grains, true, () => 0, new SteadyClock(TimeProvider.System), TimeProvider.System, NullLogger<DirectoryClient>.Instance);
    }

    public class Factory : DispatchProxy
    {
        public object? Directory { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Directory;
    }

    private sealed class Directory(int contracts) : IDirectoryGrain
    {
        private readonly Task<ClusterView> _view = Task.FromResult(new ClusterView(1, [], 1, 1, contracts));

        public Task<JoinReply> JoinAsync(JoinRequest request) => Task.FromResult(new JoinReply(new GatewayRef(1), 0));

        public Task<ClusterView> HeartbeatAsync(GatewayBeat beat) => _view;

        public Task<ClusterView> LeaveAsync(GatewayRef gateway) => _view;

        public Task<ClusterView> GetViewAsync() => _view;
    }
}
