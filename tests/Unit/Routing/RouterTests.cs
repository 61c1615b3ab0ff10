using System.Text;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

public sealed class RouterTests
{
    private readonly SubscriptionIndex _index;
    private readonly Router _router;
    private readonly List<Receiver> _receivers = [];

    public RouterTests()
    {
        var trie = new LocalTrie<Subscribers>();
        (_index, _router) = (new SubscriptionIndex(trie, ShareStrategy.RoundRobin), new Router(trie));
    }

    [Fact]
    public void NoSubscriptionIsNoMatch()
    {
        Subscribe(new Client(), "a");

        Assert.False(Route("b"));
        Assert.Empty(_receivers);
    }

    [Fact]
    public void EverySubscriberOfOneFilterGetsOneCopy()
    {
        var clients = Enumerable.Range(0, 600).Select(_ => new Client()).ToArray();
        Array.ForEach(clients, client => Subscribe(client, "a/+"));

        Assert.True(Route("a/b"));
        Assert.Equal(clients.ToHashSet<ISubscriber>(), _receivers.Select(receiver => receiver.Subscriber).ToHashSet());
        Assert.Equal(clients.Length, _receivers.Count);
    }

    [Theory] // [MQTT-3.8.4-8]
    [InlineData(QoS.AtMostOnce, 2, QoS.AtMostOnce)]
    [InlineData(QoS.ExactlyOnce, 1, QoS.AtLeastOnce)]
    [InlineData(QoS.ExactlyOnce, 2, QoS.ExactlyOnce)]
    public void TheLowerQoSIsDelivered(QoS published, byte maximum, QoS delivered)
    {
        Subscribe(new Client(), "a", maximum);

        Route("a", published);
        Assert.Equal(delivered, Assert.Single(_receivers).QoS);
    }

    [Fact] // [MQTT-3.3.4-2] [MQTT-3.3.4-3]
    public void OverlappingSubscriptionsAreOneCopyAtTheHighestQoSWithAllIdentifiers()
    {
        var (client, other) = (new Client(), new Client());
        Subscribe(client, "a/b", options: 0, identifier: 7);
        Subscribe(client, "a/+", options: 2, identifier: 8);
        Subscribe(client, "#", options: 1);
        Subscribe(other, "a/#", options: 1, identifier: 9);

        Assert.True(Route("a/b", QoS.ExactlyOnce));
        Assert.Equal(2, _receivers.Count);
        var merged = Assert.Single(_receivers, receiver => receiver.Subscriber == client);
        Assert.Equal(QoS.ExactlyOnce, merged.QoS);
        Assert.Equal([7u, 8u], merged.Identifiers.Order());
        Assert.Equal([9u], Assert.Single(_receivers, receiver => receiver.Subscriber == other).Identifiers);
    }

    /// <summary>Counted in bytes that are allocated, which the square of the number of filters shows in: 8 GB for these.</summary>
    [Fact]
    public void WorkOfOverlappingFiltersGrowsWithTheirNumber()
    {
        const int Levels = 16;
        var (client, other) = (new Client(), new Client());
        for (uint filter = 0; filter < 1 << Levels; filter++)
        {
            Subscribe(client, string.Join('/', Enumerable.Range(0, Levels).Select(level => (filter >> level & 1) == 0 ? "+" : "a")), identifier: filter + 1);
        }

        Subscribe(other, "#", identifier: 1);
        var topic = string.Join('/', Enumerable.Repeat('a', Levels));
        Route(topic);
        _receivers.Clear();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Route(topic);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.Equal(
            Enumerable.Range(1, 1 << Levels).Select(identifier => (uint)identifier),
            Assert.Single(_receivers, receiver => receiver.Subscriber == client).Identifiers.Order());
        Assert.Equal([1u], Assert.Single(_receivers, receiver => receiver.Subscriber == other).Identifiers);
        Assert.InRange(allocated, 1, 16L << Levels);
    }

    [Fact] // [MQTT-3.3.1-12] [MQTT-3.3.1-13]
    public void TheRetainFlagStaysWhereOneOfTheSubscriptionsAskedForIt()
    {
        var (asked, other) = (new Client(), new Client());
        Subscribe(asked, "a", options: RetainAsPublished);
        Subscribe(asked, "+");
        Subscribe(other, "a");

        Route("a", retain: true);
        Assert.True(Assert.Single(_receivers, receiver => receiver.Subscriber == asked).Retain);
        Assert.False(Assert.Single(_receivers, receiver => receiver.Subscriber == other).Retain);

        Route("a", retain: false);
        Assert.All(_receivers, receiver => Assert.False(receiver.Retain));
    }

    [Theory] // [MQTT-3.8.3-3]
    [InlineData(false)]
    [InlineData(true)]
    public void NoLocalLeavesOutTheClientOnAllItsStreams(bool hasOtherFilters)
    {
        var publisher = new Client();
        Client[] streams = [new() { Main = publisher }, new() { Main = publisher }];
        Subscribe(publisher, "a", options: NoLocal);
        Subscribe(streams[1], "a", options: NoLocal);
        if (hasOtherFilters)
        {
            Subscribe(streams[0], "+", options: NoLocal);
        }

        Assert.True(Route("a", publisher: streams[0])); // there is a subscription: the publisher is not told "no matching subscribers"
        Assert.Empty(_receivers);
        Assert.True(Route("a", publisher: new Client()));
        Assert.Equal(hasOtherFilters ? 3 : 2, _receivers.Count);
        Assert.True(Route("a", publisher: null));
        Assert.Equal(hasOtherFilters ? 3 : 2, _receivers.Count);
    }

    [Fact]
    public void OneMemberOfAShareGroupGetsACopyApartFromItsOwnSubscription()
    {
        var (member, offline) = (new Client(), new Client { CanTakeNow = false });
        Subscribe(offline, "$share/g/a", options: 1);
        Subscribe(member, "$share/g/a", options: 1, identifier: 3);
        Subscribe(member, "a", options: 0, identifier: 4);

        for (var i = 0; i < 4; i++)
        {
            Assert.True(Route("a", QoS.AtLeastOnce));
            Assert.Equal(2, _receivers.Count);
            Assert.All(_receivers, receiver => Assert.Same(member, receiver.Subscriber));
            var shared = Assert.Single(_receivers, receiver => receiver.Share is not null);
            Assert.Equal(("g", QoS.AtLeastOnce, 3u), (shared.Share?.ShareName, shared.QoS, Assert.Single(shared.Identifiers)));
        }
    }

    [Fact]
    public void AGroupWhoseMembersHaveAllEndedIsNoMatch()
    {
        Subscribe(new Client { CanTakeNow = false, HasEnded = true }, "$share/g/a");

        Assert.False(Route("a"));
    }

    [Fact]
    public void AMessageWhoseMemberEndedGoesToAnother()
    {
        var (first, second) = (new Client(), new Client());
        Subscribe(first, "$share/g/a", options: 1);
        Subscribe(second, "$share/g/a", options: 0);
        Route("a", QoS.AtLeastOnce);
        var chosen = Assert.Single(_receivers);
        var (ended, left) = chosen.Subscriber == first ? (first, second) : (second, first);
        (ended.CanTakeNow, ended.HasEnded) = (false, true);

        Assert.True(Router.TryPickAgain(chosen.Share!, "a"u8, QoS.AtLeastOnce, retain: false, out var again));
        Assert.Same(left, again.Subscriber);
        Assert.Equal(left == first ? QoS.AtLeastOnce : QoS.AtMostOnce, again.QoS);

        (left.CanTakeNow, left.HasEnded) = (false, true);
        Assert.False(Router.TryPickAgain(chosen.Share!, "a"u8, QoS.AtLeastOnce, retain: false, out _));
    }

    [Fact]
    public void RoutingAllocatesNothingOnceWarm()
    {
        var client = new Client();
        Subscribe(client, "a/b");
        Subscribe(client, "a/+");
        Subscribe(client, "c");
        Subscribe(new Client(), "$share/g/a/b");
        Route("a/b");
        Route("c");
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            _receivers.Clear();
            var list = new Collector(_receivers);
            _router.Route("a/b"u8, QoS.AtLeastOnce, retain: false, client, ref list);
            _router.Route("c"u8, QoS.AtLeastOnce, retain: false, client, ref list);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void DeliveryMayRouteAnotherMessage()
    {
        Client[] clients = [new Client(), new Client(), new Client()];
        foreach (var client in clients)
        {
            Subscribe(client, "a/b");
            Subscribe(client, "a/+");
            Subscribe(client, "will");
        }

        var nested = new Nested(_router, _receivers);
        _router.Route("a/b"u8, QoS.AtMostOnce, retain: false, publisher: null, ref nested);

        Assert.Equal([.. clients, .. clients, .. clients], _receivers.Select(receiver => (Client)receiver.Subscriber));
    }

    /// <summary>Bits of the options byte of SUBSCRIBE. MQTT 5 §3.8.3.1.</summary>
    private const byte NoLocal = 1 << 2, RetainAsPublished = 1 << 3;

    private void Subscribe(Client client, string filter, byte options = 0, uint identifier = 0) =>
        _index.Add(Subscription.Create(client, new SubscribeEntry(filter, options), identifier), filter, previous: null);

    private bool Route(string topic, QoS qos = QoS.AtMostOnce, bool retain = false, ISubscriber? publisher = null)
    {
        _receivers.Clear();
        var list = new Collector(_receivers);
        return _router.Route(Encoding.UTF8.GetBytes(topic), qos, retain, publisher, ref list) > 0;
    }

    private readonly struct Collector(List<Receiver> receivers) : IReceiverVisitor
    {
        public void Visit(in Receiver receiver) => receivers.Add(receiver);
    }

    /// <summary>Routes another message for each receiver, as a delivery may that ends a connection with a will.</summary>
    private readonly struct Nested(Router router, List<Receiver> receivers) : IReceiverVisitor
    {
        public void Visit(in Receiver receiver)
        {
            var list = new Collector(receivers);
            router.Route("will"u8, QoS.AtMostOnce, retain: false, publisher: null, ref list);
        }
    }

    private sealed class Client : ISubscriber
    {
        private readonly ISubscriber? _main;

        public ISubscriber Main
        {
            get => _main ?? this;
            init => _main = value;
        }

        public ulong ClientHash => 1;

        public bool CanTakeNow { get; set; } = true;

        public bool IsConnected => CanTakeNow;

        public bool HasEnded { get; set; }
    }
}
