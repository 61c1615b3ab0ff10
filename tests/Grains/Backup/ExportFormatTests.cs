using GrainMQ.Grains.Backup;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Tests.Grains.LogStore;
using Xunit;

namespace GrainMQ.Tests.Grains.Backup;

/// <summary>The bytes of docs/storage.md. A change here is a new version of the format.</summary>
public sealed class ExportFormatTests
{
    [Fact]
    public void Header() => FormatTests.Equal(
        """
        47 4D 51 45 58 50 0D 0A    magic "GMQEXP\r\n"
        02 00 00 00                format version 2
        00 00 00 00                reserved
        09 00 00 00 00 00 00 00    created
        04 03 02 01                salt
        ?? ?? ?? ??                checksum
        """, new ExportHeader(2, 9, 0x01020304).ToBytes());

    [Fact]
    public void Session() => FormatTests.Equal(
        """
        03 74 2F 31                t/1
        01                         connected
        3C                         expiry 60 seconds
        01 01 77 05                will: "w", delay 5 seconds
        0E 10                      its will is due at 7, it ends at 8
        01 01 61 02 09             1 subscription: "a", options 2, identifier 9
        2C                         last number 22
        01 03                      1 publication of QoS 2 that is not released: 3
        01                         1 delivery that has begun
        12 26 04                   at QoS 2, sent; number 19, packet identifier 4
        06                         message 3
        03                         3 messages wait
        0D                         at QoS 1, retain, with identifiers
        28 02 07 AC 02             number 20, 2 identifiers: 7 and 300
        0A                         message 5
        41                         at QoS 1, with its bytes
        02 10 01 6D                number 21, expires at 8, "m"
        31                         at QoS 1, with a share
        00 00                      not sent; no share stands before this one
        0A 24 73 68 61 72 65 2F 67 2F 74    "$share/g/t"
        02                         number 22
        02                         message 6
        """, Written(to => ExportFields.Session(to, Sample(), message => message.Offset)));

    [Fact]
    public void ASessionIsReadAsItWasWritten()
    {
        var from = new RecordReader(Written(to => ExportFields.Session(to, Sample(), message => message.Offset)));
        var read = ExportFields.Session(ref from, number => At(number));
        Assert.Equal(Described(Sample()), Described(read));

        static string Described(SessionRecordSnapshot session) => BackupFixture.Describe(session, message => $"{message.Offset}");
    }

    [Fact]
    public void Retained() => FormatTests.Equal(
        """
        01 74                      tenant "t"
        03 61 2F 62                topic "a/b"
        12                         expires at 9
        02 D1 D2                   message
        """, Written(to => ExportFields.Retained(to, "t", new RetainEntry("a/b", [0xD1, 0xD2], 9))));

    [Fact]
    public void Will() => FormatTests.Equal(
        """
        03 74 2F 31                t/1
        01 77                      message
        """, Written(to => ExportFields.Will(to, new DueWill(5, "t/1", [0x77]))));

    [Fact]
    public void Counts() => FormatTests.Equal(
        """
        01                         1 session
        AC 02                      300 messages
        03                         3 wills
        04                         4 retained messages
        """, Written(to => ExportCounts.Write(to, new ExportCounts(1, 300, 3, 4))));

    private static byte[] Written(Action<RecordWriter> write)
    {
        var to = new RecordWriter();
        write(to);
        return to.Written.ToArray();
    }

    private static MessageRef At(long number) => new(number, 1);

    private static SessionRecordSnapshot Sample()
    {
        var inline = new StoredMessage(new MessageBody([0x6D], 1, 8));
        inline.Commit(-1);
        var waiting = new QueueRunBuilder(2);
        waiting.Add(new QueueItem(20, At(5), 1, true, [7, 300]));
        waiting.Add(new QueueItem(21, inline, 1, false, []));
        waiting.Add(new QueueItem(22, At(6), 1, false, [], Share: "$share/g/t"));
        return new SessionRecordSnapshot(
            "t/1", 77, null, default, true, false, 60, new WillRecord([0x77], 5), 7, 8, [new SubscriptionRecord("a", 2, 9)], 22,
            [new QueueItem(19, At(3), 2, false, [], PendingStage.Published, 4)],
            waiting.End(), [3], null);
    }
}
