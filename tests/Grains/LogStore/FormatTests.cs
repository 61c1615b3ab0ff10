using System.Globalization;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Segments;
using Xunit;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>The bytes of docs/storage.md. A change here is a new version of the format.</summary>
public sealed class FormatTests
{
    private const uint Salt = 0x01020304;

    [Fact]
    public void ChecksumIsThatOfCastagnoli() => Assert.Equal(0xE3069283, Crc32C.Append(0, "123456789"u8));

    [Theory]
    [InlineData("", "71285E898EC4F180")]
    [InlineData("a/b", "A01D8793A20467BD")]
    [InlineData("devices/00017/telemetry", "F65E5D2913E978DB")]
    public void TopicHashNeverChanges(string topic, string hash) =>
        Assert.Equal(hash, TopicHash.Of(System.Text.Encoding.UTF8.GetBytes(topic)).ToString("X16", CultureInfo.InvariantCulture));

    [Fact]
    public void SegmentHeader() => Equal(
        """
        47 4D 51 4C 4F 47 0D 0A    magic "GMQLOG\r\n"
        01 00 00 00                format version 1
        01 00 00 00                kind: log
        05 00 00 00 00 00 00 00    epoch 5
        07 00 00 00 00 00 00 00    base offset 7
        09 00 00 00 00 00 00 00    created
        04 03 02 01                salt
        ?? ?? ?? ??                checksum
        """, new SegmentHeader(SegmentKind.Log, 5, 7, 9, Salt).ToBytes());

    [Fact]
    public void Block()
    {
        var batch = new LogBatch { Producer = 0xA1, Sequence = 0xB2 };
        batch.Add(3, 4, 0xC3, "a/b"u8, [0xEE], [0xD1, 0xD2]);
        batch.Finish(firstOffset: 9, durableOffset: 8, Salt);
        Equal(
            """
            4D 51 42 4B                magic "MQBK"
            ?? ?? ?? ??                checksum of bytes 8 to 55
            ?? ?? ?? ??                checksum of the records
            1A 00 00 00                26 bytes of records
            01 00 00 00                1 record
            00 00 00 00                reserved
            09 00 00 00 00 00 00 00    first offset 9
            08 00 00 00 00 00 00 00    durable offset 8
            A1 00 00 00 00 00 00 00    producer
            B2 00 00 00 00 00 00 00    sequence
            1A 00 00 00                record of 26 bytes
            03 04                      type, flags
            03 00                      3 bytes of topic
            01 00 00 00                1 byte of properties
            C3 00 00 00 00 00 00 00    hybrid logical clock
            61 2F 62 EE D1 D2          topic, properties, payload
            """, batch.Block.ToArray());
    }

    [Fact]
    public void ManifestWithEverything() => Equal(
        """
        47 4D 51 4D 41 4E 0D 0A    magic "GMQMAN\r\n"
        01 00 00 00                format version 1
        A8 00 00 00                168 bytes
        ?? ?? ?? ?? 00 00 00 00    checksum of all the rest, reserved
        05 00 00 00 00 00 00 00    epoch 5
        06 00 00 00 00 00 00 00    first offset 6
        07 00 00 00 00 00 00 00    highest clock 7
        08 00 00 00 00 00 00 00    snapshot: offset 8
        09 00 00 00 00 00 00 00    epoch 9
        0A 00 00 00 00 00 00 00    data end 10
        0B 00 00 00 00 00 00 00    11 records
        0C 00 00 00                salt
        01 00 00 00                1 segment
        01 00 00 00 00 00 00 00    1 producer, reserved
        06 00 00 00 00 00 00 00    base offset 6
        05 00 00 00 00 00 00 00    epoch 5
        FF FF FF FF FF FF FF FF    end offset: it is written to
        00 00 00 00 00 00 00 00    data end
        0D 00 00 00 00 00 00 00    created
        04 03 02 01 00 00 00 00    salt, reserved
        0E 00 00 00 00 00 00 00    producer 14
        0F 00 00 00 00 00 00 00    sequence 15
        10 00 00 00 00 00 00 00    offset 16
        """, new Manifest(5, 6, 7, new SnapshotEntry(8, 9, 10, 11, 12), [new SegmentEntry(6, 5, SegmentEntry.Open, 0, 13, Salt)],
            [new ProducerEntry(14, 15, 16)]).ToBytes());

    [Fact]
    public void ManifestIsReadAsItWasWritten()
    {
        var manifest = new Manifest(
            5, 6, 7, null, [new SegmentEntry(6, 4, 10, 900, 12, Salt), new SegmentEntry(10, 5, SegmentEntry.Open, 0, 13, 1)], [new ProducerEntry(14, 15, 16)]);
        var read = Manifest.Read(manifest.ToBytes(), out _);
        Assert.Equal(manifest.Segments, read?.Segments);
        Assert.Equal(manifest.Producers, read?.Producers);
        Assert.Equal(manifest with { Segments = [], Producers = [] }, read is null ? null : read with { Segments = [], Producers = [] });
    }

    [Fact]
    public void FooterOfOneTopic()
    {
        var batch = new LogBatch();
        batch.Add(3, 4, 0, "a/b"u8, [], []);
        batch.Finish(0, 0, Salt);
        var index = new SegmentIndex();
        Assert.True(BlockHeader.TryRead(batch.Block.Span, Salt, out var header));
        index.Add(header, 48, batch.Block.Span);
        Equal(
            """
            00 00 00 00 00 00 00 00    chunk 0: offset 0
            30 00 00 00 00 00 00 00    position 48
            00 00 00 00 0E 00 00 00    bucket 0 begins at 0, the end is at 14
            ?? ?? ?? ??                checksum of the bucket
            BD 67 04 A2 93 87 1D A0    hash of a/b
            01 00                      in 1 chunk: 0
            01 00 00 00                1 chunk
            01 00 00 00                1 topic
            00 00 00 00                0 bits of the hash choose the bucket
            0E 00 00 00                14 bytes of buckets
            7F 00 00 00 00 00 00 00    data end 127
            01 00 00 00 00 00 00 00    next offset 1
            ?? ?? ?? ??                checksum of chunks and bucket directory
            ?? ?? ?? ??                checksum of the 36 bytes before
            4D 51 46 4F 4F 54 0D 0A    magic "MQFOOT\r\n"
            """, SegmentFooter.Encode(index, new SegmentExtent(127, 1), Salt));
    }

    /// <summary>Lines of bytes and what they are; ?? is any byte.</summary>
    internal static void Equal(string annotated, byte[] actual)
    {
        var expected = annotated.Split('\n').SelectMany(line => line.Split("    ")[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var shown = actual.Select((value, index) => index < expected.Length && expected[index] == "??" ? "??" : value.ToString("X2", CultureInfo.InvariantCulture));
        Assert.Equal(string.Join(' ', expected), string.Join(' ', shown));
    }
}
