using System.Diagnostics.Metrics;
using System.Text;
using GrainMQ.Gateway.Connections;
using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Routing;
using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

public sealed class SubscriptionIndexTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly LocalTrie<Subscribers> _trie = new();
    private readonly SubscriptionIndex _index;
    private readonly DeliveryLimits _limits;

    public SubscriptionIndexTests()
    {
        _index = new SubscriptionIndex(_trie, ShareStrategy.RoundRobin);
        _limits = new DeliveryLimits(new OutboundOptions(), new GatewayMetrics(_services.GetRequiredService<IMeterFactory>()));
    }

    public void Dispose() => _services.Dispose();

    [Fact]
    public void SessionsAndTrieAgreeWhateverIsSubscribedAndUnsubscribed()
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var topics = new RandomTopics(seed);
            var sessions = Enumerable.Range(0, 5).Select(NewSession).ToArray();
            var model = sessions.ToDictionary(session => session, _ => new Dictionary<string, SubscriptionRecord>());
            for (var step = 0; step < 600; step++)
            {
                var client = topics.Random.Next(sessions.Length);
                var session = sessions[client];
                var filter = (topics.Random.Next(4) == 0 ? $"$share/g{topics.Random.Next(2)}/" : "") + topics.Filter();
                switch (topics.Random.Next(8))
                {
                    case 0 when topics.Random.Next(20) == 0:
                        session.Subscriptions.End(_index); // its end: the client goes on with a new one
                        model.Remove(session);
                        model[sessions[client] = NewSession(client)] = [];
                        break;
                    case < 3:
                        Assert.Equal(model[session].Remove(filter), session.Subscriptions.Unsubscribe(_index, session, filter));
                        break;
                    default:
                        var record = new SubscriptionRecord(filter, (byte)topics.Random.Next(3), (uint)topics.Random.Next(3));
                        Assert.Equal(!model[session].ContainsKey(filter), session.Subscriptions.Subscribe(_index, session, new(filter, record.Options), record.Identifier));
                        model[session][filter] = record;
                        break;
                }

                if (step % 50 == 0)
                {
                    AssertAgrees(model, topics.Topic());
                }
            }

            foreach (var session in sessions)
            {
                session.Subscriptions.End(_index);
            }

            Assert.Equal(0, _trie.Count);
        }
    }

    [Fact]
    public void APopularFilterKeepsEveryOneOfItsSubscribers()
    {
        var sessions = Enumerable.Range(0, 1000).Select(NewSession).ToList();
        foreach (var session in sessions)
        {
            session.Subscriptions.Subscribe(_index, session, new SubscribeEntry("a/#", 0), 0);
        }

        foreach (var session in sessions)
        {
            Assert.False(session.Subscriptions.Subscribe(_index, session, new SubscribeEntry("a/#", 1), 0));
        }

        Assert.Equal(sessions, Plain("a").Select(subscription => (Session)subscription.Subscriber).OrderBy(sessions.IndexOf));
        Assert.All(Plain("a"), subscription => Assert.Equal(QoS.AtLeastOnce, subscription.MaximumQoS));

        foreach (var session in sessions.Skip(1))
        {
            Assert.True(session.Subscriptions.Unsubscribe(_index, session, "a/#"));
        }

        Assert.Same(sessions[0], Assert.Single(Plain("a")).Subscriber);
        Assert.IsType<Subscription>(_trie.Find("a/#")); // one subscriber stands for itself again
    }

    [Fact]
    public void ResubscribeMakesTheSubscriptionsThoseOfTheRecord()
    {
        var session = NewSession(1);
        foreach (var filter in (string[])["a", "b", "$share/g/c"])
        {
            session.Subscriptions.Subscribe(_index, session, new SubscribeEntry(filter, 1), 0);
        }

        SubscriptionRecord[] records = [new("b", 2, 7), new("$share/g/c", 1, 0), new("$share/g/d", 1, 0)];
        session.Subscriptions.Resubscribe(_index, records);

        Assert.Equal(records.ToHashSet(), session.Subscriptions.Records(_index).ToHashSet());
        Assert.Empty(Plain("a"));
        Assert.Equal([7u], Assert.Single(Plain("b")).Identifiers);
        Assert.Equal(3, session.Subscriptions.Count);
        Assert.Equal(3, _trie.Count);
    }

    /// <summary>Counted in bytes that are allocated: each name once copied all before it, 20 GB for these.</summary>
    [Fact]
    public void WorkOfShareNamesOnOneFilterGrowsWithTheirNumber()
    {
        const int Names = 50_000;
        var session = NewSession(1);
        var filters = Enumerable.Range(0, Names).Select(name => $"$share/{name}/a").ToArray();
        var before = GC.GetAllocatedBytesForCurrentThread();
        foreach (var filter in filters)
        {
            session.Subscriptions.Subscribe(_index, session, new SubscribeEntry(filter, 1), 0);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, Names * 8_000L);
        Assert.Equal(Names, Match("a").Sum(subscribers => subscribers.Shares.Sum(chunk => chunk.Length)));
        foreach (var filter in filters)
        {
            Assert.True(session.Subscriptions.Unsubscribe(_index, session, filter));
        }

        Assert.Equal(0, _trie.Count);
    }

    private Session NewSession(int id) => new($"default/{id}", $"{id}", _limits, store: null!); // it receives nothing

    private void AssertAgrees(Dictionary<Session, Dictionary<string, SubscriptionRecord>> model, string topic)
    {
        var expected = model.SelectMany(session => session.Value.Values
            .Where(record => !TopicFilter.IsShared(record.Filter) && TopicFilter.Matches(record.Filter, topic))
            .Select(record => (session.Key, record)));
        Assert.Equal(expected.ToHashSet(), Plain(topic).Select(subscription => ((Session)subscription.Subscriber, _index.RecordOf(subscription))).ToHashSet());

        foreach (var (session, records) in model)
        {
            Assert.Equal(records.Values.ToHashSet(), session.Subscriptions.Records(_index).ToHashSet());
            Assert.Equal(records.Count, session.Subscriptions.Count);
        }

        var groups = model.Values.SelectMany(records => records.Keys.Where(filter =>
            TopicFilter.TryParseShared(filter, out _, out var inner) && TopicFilter.Matches(inner, topic))).ToHashSet();
        Assert.Equal(groups.Count, Match(topic).Sum(subscribers => subscribers.Shares.Sum(chunk => chunk.Length)));
    }

    private List<Subscription> Plain(string topic)
    {
        var found = new List<Subscription>();
        foreach (var subscribers in Match(topic))
        {
            foreach (var subscription in subscribers)
            {
                found.Add(subscription);
            }
        }

        Assert.Equal(found.Count, found.Distinct().Count());
        return found;
    }

    private Subscribers[] Match(string topic)
    {
        var matches = default(MatchList<Subscribers>);
        _trie.Match(Encoding.UTF8.GetBytes(topic), ref matches);
        return matches.AsSpan().ToArray();
    }
}
