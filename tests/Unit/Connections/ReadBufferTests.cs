using GrainMQ.Gateway.Connections;
using Xunit;

namespace GrainMQ.Tests.Unit.Connections;

public sealed class ReadBufferTests
{
    /// <summary>Milliseconds between reads that do not belong together.</summary>
    private const long Long = 60_000;

    private readonly ReadBuffer _buffer = new();

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
        Assert.InRange(_buffer.MakeRoom().Length, 4096, 64 * 1024);
    }

    [Fact]
    public void ReadsGrowUpTo64KiB()
    {
        for (var i = 0; i < 20; i++)
        {
            Fill(0);
            _buffer.Consume(_buffer.Unread.Length - 1); // half a packet stays
        }

        Assert.Equal((64 * 1024) - 1, _buffer.MakeRoom().Length);
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

        Assert.Equal(2048, _buffer.MakeRoom().Length);
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
    public void ReadThatFilledTheRoomIsFollowedAtOnce()
    {
        Fill(Long);

        Assert.False(_buffer.IsIdle); // there may be more
    }

    private void Receive(byte[] bytes, long silence)
    {
        bytes.CopyTo(_buffer.MakeRoom());
        _buffer.Add(bytes.Length, silence);
    }

    private void Fill(long silence) => _buffer.Add(_buffer.MakeRoom().Length, silence);
}
