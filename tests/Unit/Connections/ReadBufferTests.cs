using GrainMQ.Gateway.Connections;
using Xunit;

namespace GrainMQ.Tests.Unit.Connections;

public sealed class ReadBufferTests
{
    /// <summary>Milliseconds between reads that do not belong together.</summary>
    private const long Long = 60_000;

    private readonly ReadBuffer _buffer = new();
    private readonly ReadBudget _budget = new(2 << 20);

    [Fact]
    public void HoldsNoMemoryUntilItIsReadInto()
    {
        Assert.Equal(0, _buffer.Capacity);
        Assert.True(_buffer.IsEmpty);
        Assert.True(_buffer.IsIdle);
    }

    [Fact]
    public void PacketThatArrivesInPartsIsWholeInTheEnd()
    {
        Receive([1, 2], Long);
        Receive([3], Long);
        Receive([4, 5, 6], Long);
        _buffer.Consume(2);

        Assert.Equal([3, 4, 5, 6], _buffer.Unread.ToArray());
    }

    [Fact]
    public void HalfAPacketWaitsInAsLittleMemoryAsItNeeds()
    {
        Receive([.. Enumerable.Repeat((byte)7, 2000)], Long);
        var whole = _buffer.Capacity;
        _buffer.Consume(1900);
        _buffer.Shrink();

        Assert.InRange(_buffer.Capacity, 100, whole / 4);
        Assert.Equal(Enumerable.Repeat((byte)7, 100), _buffer.Unread.ToArray());
    }

    [Fact]
    public void NothingUnreadNeedsNoMemory()
    {
        Receive([1, 2, 3], Long);
        _buffer.Consume(3);
        _buffer.Shrink();

        Assert.Equal(0, _buffer.Capacity);
    }

    [Fact]
    public void RoomGrowsWithWhatComesAndNotWithWhatIsAnnounced()
    {
        byte[] header = [0x30, 0xFF, 0xFF, 0xFF, 0x7F]; // PUBLISH of 256 MiB
        Receive(header, Long);

        Assert.InRange(_buffer.Capacity, 1, 4096);

        Fill(Long);
        Fill(Long);
        Assert.InRange(Room().Length, 4096, 64 * 1024);
    }

    [Fact]
    public void ReadsGrowUpTo64KiB()
    {
        for (var i = 0; i < 20; i++)
        {
            Fill(0);
            _buffer.Consume(_buffer.Unread.Length - 1); // half a packet stays
        }

        Assert.Equal((64 * 1024) - 1, Room().Length);
    }

    [Fact]
    public void AfterAPauseReadsAreSmallAgain()
    {
        for (var i = 0; i < 10; i++)
        {
            Fill(0);
            _buffer.Consume(_buffer.Unread.Length);
        }

        Receive([1], Long);
        _buffer.Consume(1);
        _buffer.Shrink();

        Assert.Equal(2048, Room().Length);
    }

    [Fact]
    public void EightReadsCloseTogetherMakeItHot()
    {
        for (var i = 0; i < 8; i++)
        {
            Assert.True(_buffer.IsIdle);
            Receive([1], 1000);
            _buffer.Consume(1);
        }

        Assert.False(_buffer.IsIdle);
        Receive([1], 1001);
        Assert.True(_buffer.IsIdle);
    }

    [Fact]
    public void AHotConnectionKeepsNoLargeBufferForNothing()
    {
        for (var i = 0; i < 10; i++)
        {
            Fill(0);
            _buffer.Consume(_buffer.Unread.Length);
        }

        Receive([1], 0);
        Assert.False(_buffer.IsIdle); // half a packet: the rest is expected at once
        _buffer.Consume(1);

        Assert.True(_buffer.IsIdle);
        _buffer.Shrink();
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public void ReadThatFilledTheRoomIsFollowedAtOnce()
    {
        Fill(Long);

        Assert.False(_buffer.IsIdle); // there may be more
    }

    [Fact]
    public void LargePacketNeedsNoMoreThanTheNextPowerOfTwo()
    {
        var packet = 900 * 1024;
        for (var received = 0; received < packet;)
        {
            var bytes = Math.Min(Room().Length, Math.Min(64 * 1024, packet - received));
            _buffer.Add(bytes, 0);
            received += bytes;
        }

        Assert.Equal(packet, _buffer.Unread.Length);
        Assert.Equal(1 << 20, _buffer.Capacity);
    }

    [Fact]
    public void WhatIsHeldIsTakenFromTheBudgetAndGivenBack()
    {
        Receive([1], Long);
        Assert.Equal(0, _budget.Used); // the first 2 KiB are outside

        while (_buffer.Capacity < 256 * 1024)
        {
            Fill(0);
        }

        Assert.Equal(256 * 1024, _budget.Used);
        Assert.Equal(256 * 1024, _buffer.HeldOf(_budget));
        Assert.Equal(0, _buffer.HeldOf(new ReadBudget(1)));

        _buffer.Consume(_buffer.Unread.Length - 5000);
        _buffer.Shrink();
        Assert.Equal(8192, _budget.Used);

        _buffer.Release();
        Assert.Equal(0, _budget.Used);
    }

    [Fact]
    public void WithoutABudgetAReadIsSmallerAndAFullBufferWaits()
    {
        var none = new ReadBudget(0);
        for (var i = 0; i < 4; i++)
        {
            Assert.True(_buffer.TryMakeRoom(none, out var room));
            Assert.InRange(room.Length, 1, 2048);
            _buffer.Add(room.Length, 0);
            _buffer.Consume(1000); // what is dispatched makes room
        }

        Assert.True(_buffer.TryMakeRoom(none, out var last));
        _buffer.Add(last.Length, 0);
        Assert.False(_buffer.TryMakeRoom(none, out _));
        Assert.Equal(2048, _buffer.Unread.Length);

        Assert.True(_buffer.TryMakeRoom(_budget, out _)); // when there is some again, it goes on
        Assert.Equal(2048, _buffer.Unread.Length);
    }

    private Memory<byte> Room()
    {
        Assert.True(_buffer.TryMakeRoom(_budget, out var room));
        return room;
    }

    private void Receive(byte[] bytes, long silence)
    {
        bytes.CopyTo(Room());
        _buffer.Add(bytes.Length, silence);
    }

    private void Fill(long silence) => _buffer.Add(Room().Length, silence);
}
