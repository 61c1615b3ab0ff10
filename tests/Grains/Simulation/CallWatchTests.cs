using GrainMQ.Tests.Simulation;
using Xunit;

namespace GrainMQ.Tests.Grains.Simulation;

public sealed class CallWatchTests
{
    [Fact]
    public async Task CallsWhoseContentsStayAsTheyAreArePassed()
    {
        await using var test = Paranoid();
        var bytes = new byte[] { 1, 2, 3 };
        test.Cluster.Run(test.Grain<IProbe>("a").EchoAsync(new Payload("x", bytes), bytes));
        test.Cluster.Run(test.Grain<IProbe>("a").StateAsync());
        test.Cluster.VerifyCalls();
    }

    [Fact]
    public async Task BareArrayIsCopiedSoThatItsOwnerMayChangeIt()
    {
        await using var test = Paranoid();
        var bytes = new byte[] { 1, 2, 3 };
        test.Cluster.Run(test.Grain<IProbe>("a").EchoAsync(new Payload("x", []), bytes));
        bytes[1]++;
        test.Cluster.VerifyCalls();
    }

    [Fact]
    public async Task ArgumentThatTheCallerChangesIsFound()
    {
        var test = Paranoid();
        var bytes = new byte[] { 1, 2, 3 };
        test.Cluster.Run(test.Grain<IProbe>("a").KeepAsync(new Payload("x", bytes)));
        bytes[1]++;
        var thrown = Assert.Throws<ChangedAfterCallException>(test.Cluster.VerifyCalls);
        Assert.Equal("Changed after the call: argument 0 of IProbeMethods.KeepAsync to ProbeGrain/a.", thrown.Message);
        await Assert.ThrowsAsync<ChangedAfterCallException>(async () => await test.DisposeAsync());
    }

    [Fact]
    public async Task ArgumentOrAResultThatTheGrainChangesIsFound()
    {
        var test = Paranoid();
        test.Cluster.Run(test.Grain<IProbe>("a").StateAsync());
        test.Cluster.Run(test.Grain<IProbe>("a").ScribbleAsync());
        Assert.Contains("the result of IProbeMethods.StateAsync", Assert.Throws<ChangedAfterCallException>(test.Cluster.VerifyCalls).Message);
        test.Cluster.Run(test.Grain<IProbe>("a").KeepAsync(new Payload("", [9])));
        test.Cluster.Run(test.Grain<IProbe>("a").ScribbleAsync());
        Assert.Contains("argument 0 of IProbeMethods.KeepAsync", Assert.Throws<ChangedAfterCallException>(test.Cluster.VerifyCalls).Message);
        await Assert.ThrowsAsync<ChangedAfterCallException>(async () => await test.DisposeAsync());
    }

    [Fact]
    public void HashSeesEveryDepth()
    {
        var inner = new byte[] { 1 };
        var value = new Outer("x", [new Inner(inner, 1)], new Dictionary<string, int> { ["k"] = 1 });
        var before = DeepHash.Of(value);
        Assert.Equal(before, DeepHash.Of(value));
        inner[0] = 2;
        var changed = DeepHash.Of(value);
        Assert.NotEqual(before, changed);
        value.Map["k"] = 2;
        Assert.NotEqual(changed, DeepHash.Of(value));
        Assert.Equal(DeepHash.Of(new Inner([1], 5)), DeepHash.Of(new Inner([1], 5)));
    }

    private static ProbeCluster Paranoid() => new(options => options.Paranoid = true);

    private sealed record Outer(string Name, Inner[] Inners, Dictionary<string, int> Map);

    private sealed record Inner(byte[] Bytes, long Number);
}
