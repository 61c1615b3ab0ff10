using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.State;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

public sealed class SubscriptionSetTests
{
    [Fact]
    public void SetBehavesLikeADictionaryAtEverySize()
    {
        for (var seed = 0; seed < 50; seed++)
        {
            var (random, set, truth) = (new Random(seed), new SubscriptionSet(), new Dictionary<string, SubscriptionRecord>());
            for (var step = 0; step < 300; step++)
            {
                var subscription = Sample.Subscription($"f/{random.Next(100)}", identifier: (uint)step); // [MQTT-3.8.4-3]: the last one counts
                if (random.Next(3) > 0)
                {
                    set.Add(subscription);
                    truth[subscription.Filter] = subscription;
                }
                else
                {
                    set.Remove(subscription.Filter);
                    truth.Remove(subscription.Filter);
                }
                Assert.Equal(truth.Count, set.Count);
                Assert.Equal(truth.ContainsKey("f/1"), set.Contains("f/1"));
            }
            Assert.Equal(truth.Values.OrderBy(one => one.Filter), set.ToArray().OrderBy(one => one.Filter));
        }
    }

    [Fact]
    public void ArrayThatWasReturnedIsNeverWritten()
    {
        var set = new SubscriptionSet();
        set.Add(Sample.Subscription("a"));
        var before = set.ToArray();
        set.Add(Sample.Subscription("a", identifier: 2));
        set.Remove("a");

        Assert.Equal(Sample.Subscription("a"), Assert.Single(before));
        Assert.Empty(set.ToArray());
    }
}
