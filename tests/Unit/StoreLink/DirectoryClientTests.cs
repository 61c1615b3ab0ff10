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
        var grains = GrainsFake.Of(new DirectoryFake(contracts));
        return new DirectoryClient(grains, true, () => 0, new SteadyClock(TimeProvider.System), TimeProvider.System, NullLogger<DirectoryClient>.Instance);
    }
}
