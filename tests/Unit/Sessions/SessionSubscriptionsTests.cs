using System.Diagnostics.Metrics;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>A client has one subscription for each filter, held by the part of its session that asked last.</summary>
public sealed class SessionSubscriptionsTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly LocalTrie<Subscribers> _trie = new();
    private readonly SubscriptionIndex _index;
    private readonly Session _session;
    private readonly StreamPart _first;
    private readonly StreamPart _second;

    public SessionSubscriptionsTests()
    {
        _index = new SubscriptionIndex(_trie, ShareStrategy.RoundRobin);
        var limits = new DeliveryLimits(new OutboundOptions(), new GatewayMetrics(_services.GetRequiredService<IMeterFactory>()));
        _session = new Session("default/c", "c", limits, store: null!); // it receives nothing
        _first = new StreamPart(_session);
        _second = new StreamPart(_session);
    }

    private SessionSubscriptions Subscriptions => _session.Subscriptions;

    public void Dispose() => _services.Dispose();

    [Fact]
    public void SubscriptionMovesToThePartThatAskedLast()
    {
        Assert.True(Subscribe(_session, "a"));
        Assert.False(Subscribe(_first, "a"));
        Assert.Same(_first, HolderOf("a"));
        Assert.False(Subscribe(_second, "a"));
        Assert.Same(_second, HolderOf("a"));
        Assert.False(Subscribe(_session, "a"));
        Assert.Same(_session, HolderOf("a"));
        Assert.Equal(1, Subscriptions.Count);
        Assert.Equal(1, _trie.Count);
    }

    [Fact]
    public void OnlyTheHolderCanUnsubscribe()
    {
        Subscribe(_first, "a");
        Assert.True(Subscriptions.IsHeldElsewhere(_session, "a"));
        Assert.True(Subscriptions.IsHeldElsewhere(_second, "a"));
        Assert.False(Subscriptions.IsHeldElsewhere(_first, "a"));
        Assert.False(Subscriptions.IsHeldElsewhere(_session, "b")); // held by no part
        Assert.False(Subscriptions.Unsubscribe(_index, _second, "a"));
        Assert.False(Subscriptions.Unsubscribe(_index, _session, "a"));
        Assert.True(Subscriptions.Unsubscribe(_index, _first, "a"));
        Assert.Equal(0, _trie.Count);
    }

    [Fact]
    public void SessionAdoptsWhatAnEndedStreamHeld()
    {
        Subscribe(_first, "a", options: 2, identifier: 7);
        Subscribe(_first, "$share/g/b");
        Subscribe(_second, "c");
        Assert.True(_first.TryFold());
        Assert.False(Subscribe(_first, "c")); // the last packet of the ended stream asks in the session's name
        Subscriptions.Adopt(_first, _index);

        Assert.Same(_session, HolderOf("a"));
        Assert.Same(_session, HolderOf("c"));
        Assert.Equal(
            new HashSet<SubscriptionRecord> { new("a", 2, 7), new("$share/g/b", 1, 0), new("c", 1, 0) }, Subscriptions.Records(_index).ToHashSet());
        Assert.Equal(3, _trie.Count);
        Assert.True(Subscriptions.Unsubscribe(_index, _first, "a"));
    }

    [Fact]
    public void SessionKeepsItsOwnSubscriptionToAFilterThatItAdopts()
    {
        Subscribe(_first, "a", options: 0);
        Assert.True(_first.TryFold());
        Subscribe(_session, "a", options: 2); // moves it before the stream is adopted
        Subscriptions.Adopt(_first, _index);
        Assert.Equal([new SubscriptionRecord("a", 2, 0)], Subscriptions.Records(_index));
        Assert.Equal(1, _trie.Count);
    }

    [Fact]
    public void SessionThatEndedTakesAndAdoptsNone()
    {
        Subscribe(_session, "a");
        Subscribe(_first, "b");
        Subscriptions.End(_index);
        Assert.False(Subscribe(_session, "c"));
        Assert.False(Subscribe(_first, "d"));
        Subscriptions.Adopt(_first, _index);
        Assert.Equal(0, Subscriptions.Count);
        Assert.Equal(0, _trie.Count);
    }

    private bool Subscribe(SessionPart part, string filter, byte options = 1, uint identifier = 0) =>
        Subscriptions.Subscribe(_index, part, new SubscribeEntry(filter, options), identifier);

    private ISubscriber HolderOf(string filter)
    {
        var holders = new List<ISubscriber>();
        foreach (var subscription in _trie.Find(filter)!) // it was subscribed to
        {
            holders.Add(subscription.Subscriber);
        }

        return Assert.Single(holders);
    }
}
