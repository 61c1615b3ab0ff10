using GrainMQ.Gateway.Protocol;
using GrainMQ.Tests.InMemory.Crash;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.InMemory.Model;

/// <summary>What the model must not overlook where it is lenient.</summary>
public sealed class ModelSessionTests
{
    private readonly Oracle _oracle = new(queuesOverflow: false);

    [Fact]
    public void I8RepetitionOfWhatWasSentBeforeTheSubscriptionMayComeAfterALaterMessage() // [MQTT-4.6.0-6]
    {
        var first = Publish();
        var session = Subscribed();
        var second = Publish();
        Assert.Null(Take(session, second));
        first.Resend(_oracle.Tick());
        Assert.Null(Take(session, first));
    }

    [Fact]
    public void I8RepetitionOfWhatTheSessionSubscribedToMustNotComeAfterALaterMessage() // [MQTT-4.6.0-6]
    {
        var session = Subscribed();
        var first = Publish();
        var second = Publish();
        Assert.Null(Take(session, second));
        first.Resend(_oracle.Tick());
        Assert.NotNull(Take(session, first));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void I8RepetitionAtQoS0MayComeAfterALaterMessageBecauseItsClientWasAway(bool isResent)
    {
        var session = Subscribed();
        var first = Publish();
        Assert.Null(Take(session, Publish(), QoS.AtMostOnce));
        if (isResent)
        {
            first.Resend(_oracle.Tick());
        }

        Assert.Equal(isResent, Take(session, first, QoS.AtMostOnce) is null);
    }

    [Fact]
    public void I8RepetitionBeforeTheLaterMessageWasSentMustNotComeAfterIt() // [MQTT-4.6.0-6]
    {
        var first = Publish();
        var session = Subscribed();
        first.Resend(_oracle.Tick());
        var second = Publish();
        Assert.Null(Take(session, second));
        first.Resend(_oracle.Tick());
        Assert.NotNull(Take(session, first));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void I8RepetitionMayComeAfterALaterMessageWhenItWasRefusedAtFirst(bool isResent)
    {
        var session = Subscribed();
        var first = Publish();
        _oracle.RunOutOfSpace();
        Assert.Null(Take(session, Publish()));
        if (isResent)
        {
            first.Resend(_oracle.Tick());
        }

        Assert.Equal(isResent, Take(session, first) is null);
    }

    [Theory]
    [InlineData(QoS.AtMostOnce, true)]
    [InlineData(QoS.AtLeastOnce, false)]
    public void WillWithoutSpaceMayComeTwiceOnlyWhereItIsNotStored(QoS qos, bool mayComeTwice)
    {
        var session = Subscribed();
        var will = _oracle.Will("publisher", "t");
        _oracle.Release(will, isOwed: true, mayRepeat: false);
        _oracle.RunOutOfSpace();
        Assert.Null(Take(session, will, qos));
        Assert.Equal(mayComeTwice, Take(session, will, qos) is null);
    }

    private ModelMessage Publish() => _oracle.Publish("publisher", "t", QoS.AtLeastOnce, retain: false);

    private ModelSession Subscribed()
    {
        var session = new ModelSession("reader", _oracle);
        session.Subscriptions.Add(new ModelSubscription("t", null, QoS.AtLeastOnce, noLocal: false, 0, _oracle.Tick()) { ConfirmedAt = _oracle.Tick() });
        return session;
    }

    private string? Take(ModelSession session, ModelMessage message, QoS qos = QoS.AtLeastOnce)
    {
        _oracle.Tick();
        var publish = ClientPackets.Publish(message.Topic, message.Payload, qos, (ushort)(qos == QoS.AtMostOnce ? 0 : 1));
        return session.Take(ServerPacket.Read(publish, ProtocolVersion.Mqtt5), message.Topic, message, isFresh: true, isExact: true);
    }
}
