using System.Globalization;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.Segments;
using Xunit;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>The bytes of docs/storage.md. A change here is a new version of the format.</summary>
public sealed class FormatTests
{
    private const uint Salt = 0x01020304;

    [Fact]
    public void ChecksumIsThatOfCastagnoli() => Assert.Equal(0xE3069283, Crc32C.Append(0, "123456789"u8));

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
        var batch = new LogBatch();
        batch.Add(3, 4, 0xC3, [0xEE], [0xD1, 0xD2]);
        batch.Finish(firstOffset: 9, durableOffset: 8, Salt);
        Equal(
            """
            4D 51 42 4B                magic "MQBK"
            ?? ?? ?? ??                checksum of bytes 8 to 55
            ?? ?? ?? ??                checksum of the records
            17 00 00 00                23 bytes of records
            01 00 00 00                1 record
            00 00 00 00                reserved
            09 00 00 00 00 00 00 00    first offset 9
            08 00 00 00 00 00 00 00    durable offset 8
            00 00 00 00 00 00 00 00    no producer
            00 00 00 00 00 00 00 00    no sequence
            17 00 00 00                record of 23 bytes
            03 04                      type, flags
            00 00                      no topic
            01 00 00 00                1 byte of properties
            C3 00 00 00 00 00 00 00    hybrid logical clock
            EE D1 D2                   properties, payload
            """, batch.Block.ToArray());
    }

    [Fact]
    public void ManifestWithEverything() => Equal(
        """
        47 4D 51 4D 41 4E 0D 0A    magic "GMQMAN\r\n"
        01 00 00 00                format version 1
        90 00 00 00                144 bytes
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
        00 00 00 00 00 00 00 00    no producers, reserved
        06 00 00 00 00 00 00 00    base offset 6
        05 00 00 00 00 00 00 00    epoch 5
        FF FF FF FF FF FF FF FF    end offset: it is written to
        00 00 00 00 00 00 00 00    data end
        0D 00 00 00 00 00 00 00    created
        04 03 02 01 00 00 00 00    salt, reserved
        """, new Manifest(5, 6, 7, new SnapshotEntry(8, 9, 10, 11, 12), [new SegmentEntry(6, 5, SegmentEntry.Open, 0, 13, Salt)]).ToBytes());

    [Fact]
    public void ManifestIsReadAsItWasWritten()
    {
        var manifest = new Manifest(
            5, 6, 7, null, [new SegmentEntry(6, 4, 10, 900, 12, Salt), new SegmentEntry(10, 5, SegmentEntry.Open, 0, 13, 1)]);
        var read = Manifest.Read(manifest.ToBytes(), out _);
        Assert.Equal(manifest.Segments, read?.Segments);
        Assert.Equal(manifest with { Segments = [] }, read is null ? null : read with { Segments = [] });
    }

    /// <summary>Version 1 of the format has room for producers, which are skipped.</summary>
    [Fact]
    public void ManifestWithProducersIsRead()
    {
        var manifest = new Manifest(5, 6, 7, null, [new SegmentEntry(6, 4, 10, 900, 12, Salt)]);
        byte[] bytes = [.. manifest.ToBytes(), .. new byte[24]];
        BitConverter.TryWriteBytes(bytes.AsSpan(12), bytes.Length);
        BitConverter.TryWriteBytes(bytes.AsSpan(88), 1);
        BitConverter.TryWriteBytes(bytes.AsSpan(16), Crc32C.Append(Crc32C.Append(0, bytes.AsSpan(0, 16)), bytes.AsSpan(20)));
        Assert.Equal(manifest.Segments, Manifest.Read(bytes, out _)?.Segments);
    }

    [Fact]
    public void Footer()
    {
        var index = new SegmentIndex([new SegmentChunk(0, 48), new SegmentChunk(9, 0x1_0030)]);
        Equal(
            """
            00 00 00 00 00 00 00 00    chunk 0: offset 0
            30 00 00 00 00 00 00 00    position 48
            09 00 00 00 00 00 00 00    chunk 1: offset 9
            30 00 01 00 00 00 00 00    position 65584
            00 00 00 00 00 00 00 00    no buckets: the one begins and ends at 0
            02 00 00 00                2 chunks
            00 00 00 00                no topics
            00 00 00 00                0 bits
            00 00 00 00                0 bytes of buckets
            7F 00 02 00 00 00 00 00    data end 131199
            0B 00 00 00 00 00 00 00    next offset 11
            ?? ?? ?? ??                checksum of chunks and bucket directory
            ?? ?? ?? ??                checksum of the 36 bytes before
            4D 51 46 4F 4F 54 0D 0A    magic "MQFOOT\r\n"
            """, SegmentFooter.Encode(index, new SegmentExtent(0x2_007F, 11), Salt));
    }

    /// <summary>The bytes that an earlier version wrote for one block with the topic a/b; its topics are skipped.</summary>
    [Fact]
    public void FooterWithTopicsIsRead()
    {
        const int dataEnd = 127;
        byte[] head = [.. BitConverter.GetBytes(0L), .. BitConverter.GetBytes(48L), .. BitConverter.GetBytes(0), .. BitConverter.GetBytes(14)];
        byte[] bucket = [1, 2, 3, 4, .. BitConverter.GetBytes(0xA01D8793A20467BD), 1, 0];
        byte[] trailer =
        [
            .. BitConverter.GetBytes(1), .. BitConverter.GetBytes(1), .. BitConverter.GetBytes(0), .. BitConverter.GetBytes(14),
            .. BitConverter.GetBytes((long)dataEnd), .. BitConverter.GetBytes(1L), .. BitConverter.GetBytes(Crc32C.Append(Salt, head)),
        ];
        var disk = new MemoryDisk();
        var file = disk.Open("segment", create: true);
        file.Write([.. new byte[dataEnd], .. head, .. bucket, .. trailer, .. BitConverter.GetBytes(Crc32C.Append(Salt, trailer)), .. "MQFOOT\r\n"u8], 0);

        var extent = new SegmentExtent(dataEnd, 1);
        Assert.True(SegmentFooter.IsPresent(file, extent, Salt));
        Assert.Equal([new SegmentChunk(0, 48)], SegmentFooter.Read(file, extent, Salt)?.ToArray() ?? []);
    }

    /// <summary>A record of an earlier version may have a topic, which is skipped.</summary>
    [Fact]
    public void RecordWithATopicIsRead()
    {
        byte[] record = [.. new byte[RecordHeader.Size], .. "a/b"u8, 0xEE, 0xD1, 0xD2];
        new RecordHeader(record.Length, 3, 4, 3, 1, 0xC3).WriteTo(record);
        byte[] block = [.. new byte[BlockHeader.Size], .. record];
        new BlockHeader(record.Length, 1, 0, 0).WriteTo(block, Salt);
        Assert.True(BlockHeader.TryRead(block, Salt, out var header));
        var page = new LogPage();
        page.Begin(0);
        block.CopyTo(page.Rest);
        page.Take(header, 0, 48);

        var records = page.GetEnumerator();
        Assert.True(records.MoveNext());
        Assert.Equal("EE D1D2", $"{Convert.ToHexString(records.Current.Properties)} {Convert.ToHexString(records.Current.Payload)}");
    }

    /// <summary>Lines of bytes and what they are; ?? is any byte.</summary>
    internal static void Equal(string annotated, byte[] actual)
    {
        var expected = annotated.Split('\n').SelectMany(line => line.Split("    ")[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)).ToArray();
        var shown = actual.Select((value, index) => index < expected.Length && expected[index] == "??" ? "??" : value.ToString("X2", CultureInfo.InvariantCulture));
        Assert.Equal(string.Join(' ', expected), string.Join(' ', shown));
    }
}
