using GrainMQ.Silo.Embedded;
using Xunit;

namespace GrainMQ.Tests.Embedded;

public sealed class ParanoiaTests
{
    [Fact]
    public async Task CallsThatNobodyWritesToPass()
    {
        await using var test = Paranoid();
        await test.Grain<IProbe>("a").EchoAsync(new T1AndT2("x", 1), [1, 2, 3]);
        await test.Grain<IProbe>("a").StateAsync();
        test.Cluster.VerifyCalls();
    }

    [Fact]
    public async Task AnArgumentThatTheCallerChangesIsFound()
    {
        var test = Paranoid();
        var bytes = new byte[] { 1, 2, 3 };
        await test.Grain<IProbe>("a").EchoAsync(new T1AndT2("x", 1), bytes);
        bytes[1]++;
        var thrown = Assert.Throws<ChangedAfterCallException>(test.Cluster.VerifyCalls);
        Assert.Equal("Changed after the call: argument 1 of IProbe.EchoAsync to ProbeGrain/a.", thrown.Message);
        await Assert.ThrowsAsync<ChangedAfterCallException>(async () => await test.DisposeAsync());
    }

    [Fact]
    public async Task AnArgumentOrAResultThatTheGrainChangesIsFound()
    {
        var test = Paranoid();
        await test.Grain<IProbe>("a").StateAsync();
        await test.Grain<IProbe>("a").ScribbleAsync();
        Assert.Contains("the result of IProbe.StateAsync", Assert.Throws<ChangedAfterCallException>(test.Cluster.VerifyCalls).Message);
        await test.Grain<IProbe>("a").KeepAsync([9]);
        await test.Grain<IProbe>("a").ScribbleAsync();
        Assert.Contains("argument 0 of IProbe.KeepAsync", Assert.Throws<ChangedAfterCallException>(test.Cluster.VerifyCalls).Message);
        await Assert.ThrowsAsync<ChangedAfterCallException>(async () => await test.DisposeAsync());
    }

    [Fact]
    public void TheHashSeesEveryDepth()
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

    private static TestCluster Paranoid() => new(options => options.Paranoid = true);

    private sealed record Outer(string Name, Inner[] Inners, Dictionary<string, int> Map);

    private sealed record Inner(byte[] Bytes, long Number);
}
