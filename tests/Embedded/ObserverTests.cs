using System.Runtime.CompilerServices;
using Orleans;
using Xunit;

namespace GrainMQ.Tests.Embedded;

public sealed class ObserverTests : IAsyncDisposable
{
    private readonly TestCluster _test = new();

    public ValueTask DisposeAsync() => _test.DisposeAsync();

    [Fact]
    public async Task AGrainCallsAnObjectOutside()
    {
        var observer = new Observer();
        var reference = _test.Cluster.CreateObjectReference<IProbeObserver>(observer);
        Assert.Equal("got hello", await _test.Grain<IProbe>("a").SendToAsync(reference, "hello"));
        GC.KeepAlive(observer);
    }

    [Fact]
    public async Task AnObserverIsCalledOneCallAtATimeAndOutsideOfAnyTurn()
    {
        var observer = new Observer();
        var reference = _test.Cluster.CreateObjectReference<IProbeObserver>(observer);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => reference.ReceiveAsync($"{i}")));
        Assert.Equal(1, observer.MostAtOnce);
        Assert.False(observer.InTurn);
    }

    [Fact]
    public async Task ADeletedReferenceFailsItsCalls()
    {
        var observer = new Observer();
        var reference = _test.Cluster.CreateObjectReference<IProbeObserver>(observer);
        _test.Cluster.DeleteObjectReference<IProbeObserver>(reference);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reference.ReceiveAsync("late"));
        Assert.Throws<ArgumentException>(() => _test.Cluster.DeleteObjectReference<IProbeObserver>(observer));
    }

    [Fact]
    public async Task AReferenceDoesNotKeepItsObserverAlive()
    {
        var reference = Forgotten();
        GC.Collect();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reference.ReceiveAsync("gone"));
    }

    [Fact]
    public void OnlyAnObjectOutsideCanBeReferred() =>
        Assert.Throws<ArgumentException>(() => _test.Cluster.CreateObjectReference<IProbeObserver>(
            _test.Cluster.CreateObjectReference<IProbeObserver>(new Observer())));

    [MethodImpl(MethodImplOptions.NoInlining)]
    private IProbeObserver Forgotten() => _test.Cluster.CreateObjectReference<IProbeObserver>(new Observer());

    private sealed class Observer : IProbeObserver
    {
        private int _running;

        public int MostAtOnce { get; private set; }

        public bool InTurn { get; private set; }

        public async Task<string> ReceiveAsync(string text)
        {
            MostAtOnce = Math.Max(MostAtOnce, Interlocked.Increment(ref _running));
            InTurn |= SynchronizationContext.Current is not null;
            await Task.Yield();
            InTurn |= SynchronizationContext.Current is not null;
            Interlocked.Decrement(ref _running);
            return $"got {text}";
        }
    }
}
