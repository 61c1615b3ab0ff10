using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Retained;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.Codec;

public sealed class SessionCodecTests
{
    private static readonly SessionCodec Codec = new();

    [Fact]
    public void EveryChangeIsReadAsItWasWritten()
    {
        for (var seed = 0; seed < 2_000; seed++)
        {
            var change = new ChangeMaker(new Random(seed)).Make();
            var bytes = Written(to => Codec.Write(change, to));
            var from = new RecordReader(bytes);
            var read = Codec.Read(ref from, Codec.MessagesOf(change));
            from.End();

            Assert.Equivalent(change, read, strict: true);
        }
    }

    /// <summary>Gateways had a name and the time of their start, once.</summary>
    [Fact]
    public void GatewayOfAnEarlierVersionIsReadAsOneThatHasEnded()
    {
        var (a, b, restarted) = (Read("a", 7), Read("b", 7), Read("a", 8));

        Assert.True(a.Number < 0 && b.Number < 0 && restarted.Number < 0);
        Assert.Equal(3, new[] { a, b, restarted }.Distinct().Count());
        Assert.Equal(a, Read("a", 7));

        static GatewayRef Read(string name, long incarnation)
        {
            var from = new RecordReader(Written(to =>
            {
                to.Text(name);
                to.Signed(incarnation);
            }));
            return ContractFields.Gateway(ref from);
        }
    }

    /// <summary>Bytes that were never written never become a change that was not meant, take memory without bound, or throw anything else.</summary>
    [Fact]
    public void ChangeThatIsCutOrBrokenIsRefusedByName()
    {
        var refused = 0;
        for (var seed = 0; seed < 3_000; seed++)
        {
            var random = new Random(seed);
            var change = new ChangeMaker(random).Make();
            var bytes = Written(to => Codec.Write(change, to));
            var isCut = random.Next(2) == 0;
            if (isCut)
            {
                bytes = bytes[..random.Next(bytes.Length)];
            }
            else
            {
                bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
            }

            try
            {
                var from = new RecordReader(bytes);
                Codec.Read(ref from, Codec.MessagesOf(change));
                from.End();
                Assert.False(isCut, $"seed {seed}");
            }
            catch (InvalidDataException)
            {
                refused++;
            }
        }
        Assert.True(refused > 1_500);
    }

    [Fact]
    public void SnapshotIsReadAsItWasWrittenAndSharesItsMessages()
    {
        var table = new StoreShardState(new GrainOptions { StoreShards = 1 });
        foreach (var key in (string[])["t/1", "t/2"])
        {
            table.Attachment.Attach(key, Sample.Open(connection: 1, expiry: 60, will: "w", delay: 5), table.Sessions.NextEpoch(1), 1);
        }

        var outcome = table.Intake.Enqueue(new QueueBatch(Sample.B, 3, [new QueueEntry(
            Sample.Bytes("m"), 99, [new QueueTarget("t/1", 2, true, [5], Share: "$share/g/t"), new QueueTarget("t/2", 1, false, [])], new MessageOrigin("t/2", 8))]), 2);
        outcome.Messages[0].Commit(77);
        var offset = 77;
        foreach (var share in (string[])["$share/g/t", "$share/h/t", "$share/g/t"])
        {
            var more = table.Intake.Enqueue(new QueueBatch(Sample.B, 3, [new QueueEntry(Sample.Bytes("s"), 99, [new QueueTarget("t/2", 1, false, [], Share: share)])]), 2);
            more.Messages[0].Commit(++offset);
        }

        table.Progress.Note(new ProgressBatch(
            Sample.A, [new SessionProgress("t/1", table.Sessions.Info("t/1").Epoch, [], [new StartedDelivery(1, 4, PendingStage.Published)], [])], 6));
        table.Lifecycle.Lose(Sample.A, 10);
        var snapshot = table.Snapshot();
        var read = ReadAgain(snapshot);

        Assert.Equivalent(snapshot, read, strict: true);
        Assert.Equal(["$share/g/t"], read.Records[0].Items().Select(item => item.Share));
        Assert.Equal([null, "$share/g/t", "$share/h/t", "$share/g/t"], read.Records[1].Items().Select(item => item.Share));
        Assert.NotNull(read.Records[0].Front[0].Message.Object);
        Assert.Same(read.Records[0].Front[0].Message.Object, read.Records[1].Waiting[0][0].Message.Object); // I6
        Assert.Equal(77, Codec.LowestOffset(read));
    }

    [Theory]
    [InlineData(2_812, 1)]
    [InlineData(2_813, 2)]
    [InlineData(10_000, 3)]
    public void LongQueueStandsInSeveralParts(int messages, int parts)
    {
        var table = new StoreShardState(new GrainOptions { StoreShards = 1 });
        foreach (var key in (string[])["t/1", "t/2"])
        {
            table.Attachment.Attach(key, Sample.Open(connection: 1, expiry: 60), table.Sessions.NextEpoch(1), 1);
        }

        for (var at = 0; at < messages; at++)
        {
            var outcome = table.Intake.Enqueue(new QueueBatch(Sample.B, at + 1, [new QueueEntry(Sample.Bytes("m"), 0, [new QueueTarget("t/1", 1, false, [])], null)]), 2);
            outcome.Messages[0].Commit(at + 5);
        }
        var snapshot = table.Snapshot();

        Assert.Equal(1 + parts + 1, Codec.PartsOf(snapshot));
        var read = ReadAgain(snapshot).Records[0];
        Assert.Equal(Enumerable.Range(1, messages).Select(number => ((long)number, number + 4L)),
            read.Waiting.SelectMany(run => run).Select(item => (item.Number, item.Message.Offset)));
    }

    private static SessionSnapshot ReadAgain(SessionSnapshot snapshot)
    {
        var reader = Codec.BeginSnapshot();
        for (var part = 0; part < Codec.PartsOf(snapshot); part++)
        {
            var from = new RecordReader(Written(to => Codec.Write(snapshot, part, to)));
            reader.Add(ref from);
            from.End();
        }
        return reader.End();
    }

    [Fact]
    public void RetainedChangesAndSnapshotsAreReadAsTheyWereWritten()
    {
        var codec = new RetainCodec();
        var change = new RetainChange(7, new RetainBatch("t", Sample.A, 3, [new RetainEntry("a/ü", [1, 2], 9), new RetainEntry("b", null, 0)]));
        var from = new RecordReader(Written(to => codec.Write(change, to)));
        Assert.Equivalent(change, codec.Read(ref from, []), strict: true);
        var snapshot = new RetainSnapshot(
            [.. Enumerable.Range(0, 200).Select(i => ("t", new RetainEntry($"{i}", [(byte)i], i)))],
            [new LastBatch<RetainReply>(Sample.B, 5, new RetainReply(SessionResult.Ok, [1, 4]))]);
        var reader = codec.BeginSnapshot();
        for (var part = 0; part < codec.PartsOf(snapshot); part++)
        {
            var record = new RecordReader(Written(to => codec.Write(snapshot, part, to)));
            reader.Add(ref record);
            record.End();
        }

        Assert.Equivalent(snapshot, reader.End(), strict: true);
    }

    private static byte[] Written(Action<RecordWriter> write)
    {
        var writer = new RecordWriter();
        write(writer);
        return writer.Written.ToArray();
    }

    /// <summary>Changes with everything that a field may hold.</summary>
    private sealed class ChangeMaker(Random random)
    {
        private static readonly string[] Texts = ["", "t/1", "t/device-ü-𝄞", new string('k', 300)];

        public SessionChange Make() => random.Next(12) switch
        {
            0 => new Attached(Long(), Text(), new OpenRequest(Gateway(), Long(), Flag(), UInt(), Will()), ULong(), Flag()),
            1 => new Applied(Long(), new SessionDelta(Text(), ULong(), Many(Subscription), Many(Text))),
            2 => new Detached(
                Long(), Text(), ULong(), UInt(), (WillAction)random.Next(2), Many(Long), Many(Started), Many(Handed), Many(PacketId), Many(Long)),
            3 => Queued(),
            4 => new Reported(Long(), new ProgressBatch(Gateway(), Many(Progress), Long())),
            5 => new Reattached(Long(), new ReattachBatch(
                Gateway(), Many(() => new ReattachEntry(Text(), new SessionOwner(Gateway(), Long(), ULong()), UInt(), Will(), Many(Subscription))))),
            6 => new Preset(Long(), Text(), new PresetRequest(Many(Subscription), UInt()), ULong()),
            7 => new GatewayLost(Long(), Gateway()),
            8 => new WillsCompleted(Long(), Many(Long)),
            9 => new Moved(Long(), Many(() => new MovedMessage(Body(), Text(), Long(), Long()))),
            10 => new Ticked(Long()),
            _ => new WillsLeased(Long(), Gateway(), Many(Long)),
        };

        private Queued Queued() => new(
            Long(), Gateway(), Long(), random.Next(1_000), Many(() => new QueuedMessage(Body(), Many(Target))),
            Many(() => new MessageOrigin(Text(), PacketId())), Many(() => new QueuePlace(Text(), Long())));

        private QueuedTarget Target() => new(Text(), Long(), (byte)random.Next(3), Flag(), Many(UInt), Flag() ? Text() : null);

        private HandedMessage Handed() =>
            new(Body(), Long(), (byte)random.Next(3), Flag(), Many(UInt), (PendingStage)random.Next(3), PacketId());

        private SessionProgress Progress() => new(Text(), ULong(), Many(Long), Many(Started), Many(PacketId));

        private StartedDelivery Started() => new(Long(), PacketId(), (PendingStage)random.Next(3));

        private SubscriptionRecord Subscription() => new(Text(), (byte)random.Next(256), UInt());

        private WillRecord? Will() => Flag() ? new WillRecord(Many(() => (byte)random.Next(256)), UInt()) : null;

        private GatewayRef Gateway() => new(Long());

        private MessageBody Body() => new(null, random.Next(1_000), random.Next(1_000), random.Next(1_000));

        private T[] Many<T>(Func<T> one) => [.. Enumerable.Range(0, random.Next(4)).Select(_ => one())];

        private string Text() => Texts[random.Next(Texts.Length)];

        private bool Flag() => random.Next(2) == 0;

        private ushort PacketId() => (ushort)random.Next(65_536);

        private uint UInt() => random.Next(3) == 0 ? uint.MaxValue : (uint)random.Next(1_000);

        private ulong ULong() => random.Next(3) == 0 ? ulong.MaxValue : (ulong)random.NextInt64();

        private long Long() => random.Next(4) switch { 0 => long.MinValue, 1 => long.MaxValue, 2 => random.Next(-100, 100), _ => random.NextInt64() };
    }
}
