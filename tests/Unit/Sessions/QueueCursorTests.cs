using GrainMQ.Gateway.Sessions;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

/// <summary>The session takes every number of its queue in the store once, in order.</summary>
public sealed class QueueCursorTests
{
    private QueueCursor _cursor;

    [Fact]
    public void NextNumberIsTakenWithTheAnswerToItsBatch()
    {
        _cursor.Restore(10, hasMore: false);
        Assert.False(_cursor.IsBehind);

        Assert.True(_cursor.TryAnnounce(11, out var isNext));
        Assert.True(isNext);
        Assert.Equal(1, _cursor.Ahead);
        Assert.True(_cursor.TryTake(11));
        Assert.False(_cursor.IsBehind);
        Assert.False(_cursor.TryAnnounce(11, out _)); // the answer came twice
        Assert.False(_cursor.TryTake(11));
    }

    [Fact]
    public void LaterNumberWaitsForAPage()
    {
        Assert.True(_cursor.TryAnnounce(3, out var isNext));
        Assert.False(isNext);
        Assert.Equal(3, _cursor.Ahead);
        Assert.False(_cursor.TryAnnounce(2, out _)); // came late: the page brings it
        Assert.True(_cursor.TryStartReading(hasRoom: true));
        Assert.True(_cursor.TryReadPage(hasRoom: true, out var after));
        Assert.Equal(0, after);
        for (var number = 1; number <= 3; number++)
        {
            Assert.True(_cursor.TryTake(number));
        }

        _cursor.EndPage(3, hasMore: false);
        Assert.False(_cursor.TryReadPage(hasRoom: true, out _));
    }

    [Fact]
    public void OneReaderStartsAndOnlyWithRoom()
    {
        _cursor.MustRead();
        Assert.False(_cursor.TryStartReading(hasRoom: false));
        Assert.True(_cursor.TryStartReading(hasRoom: true));
        Assert.False(_cursor.TryStartReading(hasRoom: true));
        Assert.False(_cursor.TryReadPage(hasRoom: false, out _)); // the reader stops, and what was to be read is not forgotten
        Assert.True(_cursor.TryStartReading(hasRoom: true));
        Assert.True(_cursor.TryReadPage(hasRoom: true, out _));
        _cursor.EndPage(0, hasMore: false);
        Assert.False(_cursor.TryReadPage(hasRoom: true, out _)); // the page has answered it
        Assert.False(_cursor.TryStartReading(hasRoom: true));
    }

    [Fact]
    public void PageThatDoesNotComeIsAskedForAgain()
    {
        _cursor.MustRead();
        Assert.True(_cursor.TryReadPage(hasRoom: true, out _));
        Assert.True(_cursor.TryReadPage(hasRoom: true, out _)); // the first was not answered, or not to this connection
        _cursor.EndPage(0, hasMore: false);
        Assert.False(_cursor.IsBehind);
    }

    [Fact]
    public void WhatIsNotKnownWhileAPageIsOnItsWayIsReadWithTheNext()
    {
        _cursor.MustRead();
        Assert.True(_cursor.TryReadPage(hasRoom: true, out _));
        _cursor.MustRead();
        _cursor.EndPage(1, hasMore: false);
        Assert.True(_cursor.TryReadPage(hasRoom: true, out var after));
        Assert.Equal(1, after);
        _cursor.EndPage(1, hasMore: false);
        Assert.False(_cursor.IsBehind);
    }

    [Fact]
    public void PageThatEndsBeforeWhatWasTakenMeanwhileTakesNothingBack()
    {
        _cursor.Restore(5, hasMore: true);
        Assert.True(_cursor.TryReadPage(hasRoom: true, out _));
        Assert.True(_cursor.TryTakeNext(6)); // with the answer to its batch, while an empty page is on its way
        _cursor.EndPage(5, hasMore: false);
        Assert.False(_cursor.TryTake(6));
        Assert.False(_cursor.IsBehind);
    }

    [Fact]
    public void EmptyPageEndsTheSearchForNumbersThatAreGone() // their messages expired or a full queue dropped them
    {
        _cursor.TryAnnounce(7, out _);
        Assert.True(_cursor.TryReadPage(hasRoom: true, out _));
        _cursor.EndPage(5, hasMore: false);
        Assert.False(_cursor.IsBehind);
        Assert.Equal(0, _cursor.Ahead);
    }

    [Fact]
    public void NumberAnnouncedWhileAPageIsOnItsWayIsReadWithTheNext()
    {
        _cursor.TryAnnounce(2, out _);
        Assert.True(_cursor.TryReadPage(hasRoom: true, out _));
        _cursor.TryAnnounce(3, out _);
        _cursor.TryTake(1);
        _cursor.TryTake(2);
        _cursor.EndPage(2, hasMore: false);
        Assert.True(_cursor.TryReadPage(hasRoom: true, out var after));
        Assert.Equal(2, after);
    }

    [Fact]
    public void PageThatSaysThereIsMoreIsFollowedByAnother()
    {
        _cursor.MustRead();
        Assert.True(_cursor.TryReadPage(hasRoom: true, out _));
        _cursor.EndPage(1000, hasMore: true);
        Assert.True(_cursor.TryReadPage(hasRoom: true, out var after));
        Assert.Equal(1000, after);
        _cursor.EndPage(1000, hasMore: false);
        Assert.False(_cursor.TryReadPage(hasRoom: true, out _));
    }

    [Fact]
    public void RestoredSessionReadsWhatWasAnnouncedWhileItHadNoConnection()
    {
        _cursor.TryAnnounce(9, out _);
        _cursor.Restore(8, hasMore: false);
        Assert.True(_cursor.IsBehind);
        _cursor.Restore(9, hasMore: false);
        Assert.False(_cursor.IsBehind);
        _cursor.Restore(9, hasMore: true);
        Assert.True(_cursor.IsBehind);
        Assert.False(_cursor.TryAnnounce(9, out _));
    }

    [Fact]
    public void StreamTakesTheNextNumberOnlyWhileNothingIsOutstanding()
    {
        Assert.True(_cursor.TryTakeNext(1));
        Assert.False(_cursor.TryTakeNext(1));
        Assert.False(_cursor.TryTakeNext(3));
        _cursor.TryAnnounce(3, out _);
        Assert.False(_cursor.TryTakeNext(2)); // 3 is known, so a page brings both in order
        Assert.Equal(2, _cursor.Ahead);
    }
}
