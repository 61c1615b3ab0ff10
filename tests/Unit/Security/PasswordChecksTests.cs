using GrainMQ.Gateway.Security;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Security;

public sealed class PasswordChecksTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly ManualTimeProvider _time = new();

    [Fact]
    public async Task OnlySoManyRunAtOnceAndTheOthersFollow()
    {
        using var checks = new PasswordChecks(2, Patience, _time);
        using var go = new ManualResetEventSlim();
        var running = 0;
        var all = Enumerable.Range(0, 6).Select(number => checks.RunAsync(() =>
        {
            Assert.InRange(Interlocked.Increment(ref running), 1, 2);
            go.Wait();
            Interlocked.Decrement(ref running);
            return number % 2 == 0;
        })).ToArray();
        go.Set();
        Assert.Equal([true, false, true, false, true, false], await Task.WhenAll(all).OrStuck("the checks"));
    }

    [Fact]
    public async Task NoMoreWaitThanCanHaveATurn()
    {
        using var checks = new PasswordChecks(1, TimeSpan.FromMilliseconds(2), _time);
        using var go = new ManualResetEventSlim();
        var first = checks.RunAsync(() => { go.Wait(); return true; });
        var waiting = Enumerable.Range(0, 2).Select(_ => checks.RunAsync(() => true)).ToArray();
        Assert.Null(await checks.RunAsync(() => throw new InvalidOperationException("has no turn")).OrStuck("the one too many"));
        go.Set();
        Assert.True(await first.OrStuck("the first"));
        Assert.Equal([true, true], await Task.WhenAll(waiting).OrStuck("those who waited"));
    }

    [Fact]
    public async Task WhoWaitsTooLongIsToldSo()
    {
        using var checks = new PasswordChecks(1, Patience, _time);
        using var go = new ManualResetEventSlim();
        var first = checks.RunAsync(() => { go.Wait(); return true; });
        var second = checks.RunAsync(() => throw new InvalidOperationException("nobody waits for it"));
        _time.Advance(Patience);
        Assert.Null(await second.OrStuck("the second"));
        go.Set();
        Assert.True(await first.OrStuck("the first"));
        Assert.False(await checks.RunAsync(() => false).OrStuck("the third"));
    }
}
