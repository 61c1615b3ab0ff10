using GrainMQ.Gateway.Sessions;
using GrainMQ.Grains.Contracts;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>What is known of a client's QoS 2 publications until PUBREL. MQTT 5 §4.3.3.</summary>
public sealed class InboundQoS2Tests
{
    private const ushort Id = 7;

    private readonly InboundQoS2 _open = new(new Lock());

    [Fact]
    public void RepetitionIsAcceptedOnceAndWaitsForTheSamePromise() // [MQTT-4.3.3-10]
    {
        var promise = Of(SessionResult.Ok);
        Assert.True(_open.TryAccept(Id, out var none, out var isHalfKnown));
        Assert.Equal((null, false), (none, isHalfKnown));
        _open.Promise(Id, promise, promise);
        Assert.False(_open.TryAccept(Id, out var same, out isHalfKnown));
        Assert.Same(promise, same);
        Assert.False(isHalfKnown);
        Assert.Equal(1, _open.Count);
        Assert.Equal([Id], _open.Identifiers);

        Assert.True(_open.Release(Id, out var isStored));
        Assert.True(isStored);
        Assert.Equal(0, _open.Count);
        Assert.False(_open.Release(Id, out isStored));
        Assert.False(isStored);
        Assert.True(_open.TryAccept(Id, out _, out _)); // another message
        Assert.True(_open.Release(Id, out isStored));
        Assert.False(isStored); // nothing was promised for it
    }

    [Fact]
    public void NextConnectionCountsAnew() // [MQTT-4.9.0-1]
    {
        _open.TryAccept(1, out _, out _);
        _open.TryAccept(2, out _, out _);
        _open.BeginConnection();
        Assert.Equal(0, _open.Count);
        Assert.False(_open.IsCounted(1));
        Assert.False(_open.TryAccept(1, out _, out _));
        Assert.True(_open.IsCounted(1));
        Assert.Equal(1, _open.Count);
        _open.Release(2, out _); // of the earlier connection: it had no place
        Assert.Equal(1, _open.Count);
        _open.Release(1, out _);
        Assert.Equal(0, _open.Count);
    }

    [Fact]
    public void RestoredIdentifierIsKnownToTheQueuesAloneUntilItIsPromisedAgain()
    {
        var restored = new InboundQoS2(new Lock());
        restored.Restore([]);
        Assert.Empty(restored.Identifiers);
        restored.Restore([Id]);
        Assert.Equal([Id], restored.Identifiers);
        Assert.Empty(restored.UncertainIdentifiers);
        Assert.False(restored.TryAccept(Id, out _, out var isHalfKnown));
        Assert.True(isHalfKnown);
        restored.Promise(Id, Of(SessionResult.Ok), queued: null);
        Assert.False(restored.TryAccept(Id, out _, out isHalfKnown));
        Assert.False(isHalfKnown);
        Assert.True(restored.Release(Id, out var isStored));
        Assert.True(isStored);
    }

    [Theory]
    [InlineData(SessionResult.Full, true, QoS2Failure.Refused)]
    [InlineData(SessionResult.Quota, true, QoS2Failure.Refused)]
    [InlineData(SessionResult.Full, false, QoS2Failure.Unanswered)]
    [InlineData(SessionResult.Busy, true, QoS2Failure.Unanswered)]
    public void FailureOfWhatNoQueueWasToGetIsRefusedIfTheStoreSaysSo(SessionResult result, bool canRefuse, object expected) // [MQTT-4.3.3-9]
    {
        Accept(Of(result), queued: null);
        Assert.Equal(expected, _open.Fail(Id, result, canRefuse));
        Assert.False(_open.IsCounted(Id));
        if (expected is QoS2Failure.Refused)
        {
            Assert.Empty(_open.Identifiers);
            Assert.True(_open.TryAccept(Id, out _, out _)); // the identifier is free
        }
        else
        {
            Assert.Equal([Id], _open.Identifiers);
            Assert.False(_open.TryAccept(Id, out _, out var isHalfKnown)); // it is only to be retained
            Assert.True(isHalfKnown);
        }
    }

    [Theory]
    [InlineData(true, QoS2Failure.Refused)]
    [InlineData(false, QoS2Failure.Unanswered)]
    public void FailureOfWhatNoQueueHasTakenFreesTheIdentifier(bool canRefuse, object expected)
    {
        Accept(Of(SessionResult.Full), Of(SessionResult.Full));
        Assert.Empty(_open.Identifiers); // no queue has it
        Assert.Empty(_open.UncertainIdentifiers);
        Assert.Equal(expected, _open.Fail(Id, SessionResult.Full, canRefuse));
        Assert.True(_open.TryAccept(Id, out _, out _));
    }

    [Fact]
    public void FailureThatLeavesOpenWhetherTheQueuesHaveItIsForTheStoreToTell()
    {
        Accept(Of(SessionResult.Busy), Of(SessionResult.Busy));
        Assert.Equal([Id], _open.UncertainIdentifiers);
        Assert.Equal(QoS2Failure.Unanswered, _open.Fail(Id, SessionResult.Busy, canRefuse: true));
        Assert.Empty(_open.Identifiers);
        Assert.Equal([Id], _open.UncertainIdentifiers);
        Assert.True(_open.TryAccept(Id, out _, out _)); // the store takes it once
        Assert.Equal([Id], _open.UncertainIdentifiers);
        Assert.True(_open.Release(Id, out var isStored));
        Assert.True(isStored);
    }

    [Fact]
    public void WhatTheQueuesHaveIsNotRefusedForWantOfAPlaceAmongTheRetained()
    {
        Accept(Of(SessionResult.Quota), Of(SessionResult.Ok));
        Assert.Equal(QoS2Failure.NotRetained, _open.Fail(Id, SessionResult.Quota, canRefuse: true));
        Assert.Equal([Id], _open.Identifiers);
        Assert.True(_open.IsCounted(Id));
        Assert.False(_open.TryAccept(Id, out _, out _));
    }

    [Fact]
    public void WhatTheQueuesHaveAndMayNotBeRetainedIsRepeatedByTheNextConnection()
    {
        Accept(Of(SessionResult.Full), Of(SessionResult.Ok));
        Assert.Equal(QoS2Failure.Unanswered, _open.Fail(Id, SessionResult.Full, canRefuse: true));
        Assert.Equal([Id], _open.Identifiers);
        Assert.False(_open.TryAccept(Id, out _, out var isHalfKnown));
        Assert.True(isHalfKnown);
    }

    [Theory]
    [InlineData(SessionResult.Full, true, QoS2Failure.Refused)]
    [InlineData(SessionResult.Full, false, QoS2Failure.Unanswered)]
    [InlineData(SessionResult.Busy, true, QoS2Failure.Unanswered)]
    public void RepetitionOfWhatHasFailedGetsTheSameAnswer(SessionResult result, bool canRefuse, object expected) =>
        Assert.Equal(expected, _open.Fail(Id, result, canRefuse));

    [Fact]
    public void WhatIsDecidedWhenTheSessionWentToTheStoreIsNotAnswered()
    {
        Accept(Of(SessionResult.Full), Of(SessionResult.Full));
        _open.GoToStore();
        Assert.Empty(_open.Identifiers);
        Assert.Equal(0, _open.Count);
        Assert.Equal(QoS2Failure.Unanswered, _open.Fail(Id, SessionResult.Full, canRefuse: true));
        _open.BeginConnection(); // it is back
        Accept(Of(SessionResult.Full), Of(SessionResult.Full));
        Assert.Equal(QoS2Failure.Refused, _open.Fail(Id, SessionResult.Full, canRefuse: true));
    }

    [Fact]
    public async Task PromisesEndWhenTheLastOneIsDecided()
    {
        var (first, second) = (new TaskCompletionSource<SessionResult>(), new TaskCompletionSource<SessionResult>());
        _open.TryAccept(1, out _, out _);
        _open.TryAccept(2, out _, out _);
        _open.TryAccept(3, out _, out _); // promises nothing
        _open.Promise(1, first.Task, null);
        _open.Promise(2, second.Task, null);
        _open.Promise(4, new TaskCompletionSource<SessionResult>().Task, null); // it is not open
        var all = _open.PromisesAsync();
        first.SetResult(SessionResult.Ok);
        Assert.False(all.IsCompleted);
        second.SetResult(SessionResult.Busy);
        await all;
    }

    private static Task<SessionResult> Of(SessionResult result) => Task.FromResult(result);

    private void Accept(Task<SessionResult> promise, Task<SessionResult>? queued)
    {
        Assert.True(_open.TryAccept(Id, out _, out _));
        _open.Promise(Id, promise, queued);
    }
}
