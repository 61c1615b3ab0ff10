using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Retained;

/// <summary>The journals <c>retain/0</c> …: batches as the gateways sent them, and snapshots with 64 messages a record.</summary>
internal sealed class RetainCodec : IShardCodec<RetainSnapshot, RetainChange>
{
    private const int PerPart = 64;
    // first byte of a part; numbers are never used again
    private const byte ProducersPart = 1;
    private const byte MessagesPart = 2;

    public string Name => "retain";

    /// <summary>None: the messages are in memory, so none is read alone.</summary>
    public IReadOnlyList<MessageBody> MessagesOf(RetainChange change) => [];

    public long TimeOf(RetainChange change) => change.At;

    public byte FormatOf(RetainChange change) => JournalRecord.Format;

    public void Write(RetainChange change, RecordWriter to)
    {
        to.Signed(change.At);
        to.Text(change.Batch.Tenant);
        ContractFields.Gateway(to, change.Batch.Producer);
        to.Signed(change.Batch.Sequence);
        to.List(change.Batch.Entries, Entry);
    }

    public RetainChange Read(ref RecordReader from, IReadOnlyList<MessageBody> messages)
    {
        if (messages.Count > 0)
        {
            throw new InvalidDataException("A retained change has messages of its own");
        }

        var (at, tenant) = (from.Signed(), from.Text());
        return new RetainChange(at, new RetainBatch(tenant, ContractFields.Gateway(ref from), from.Signed(), from.List(Entry)));
    }

    public int PartsOf(RetainSnapshot snapshot) => 1 + ((snapshot.Messages.Count + PerPart - 1) / PerPart);

    public void Write(RetainSnapshot snapshot, int part, RecordWriter to)
    {
        to.Byte(part == 0 ? ProducersPart : MessagesPart);
        if (part == 0)
        {
            to.List(snapshot.Producers, Producer);
        }
        else
        {
            to.List([.. snapshot.Messages.Skip((part - 1) * PerPart).Take(PerPart)], Message);
        }
    }

    public ISnapshotReader<RetainSnapshot> BeginSnapshot() => new Reader();

    public long LowestOffset(RetainSnapshot snapshot) => long.MaxValue;

    private static void Entry(RecordWriter to, RetainEntry entry)
    {
        to.Text(entry.Topic);
        to.Maybe(entry.Message, (writer, message) => writer.Bytes(message));
        to.Signed(entry.ExpiresAt);
    }

    private static RetainEntry Entry(ref RecordReader from) =>
        new(from.Text(), from.Maybe((ref RecordReader reader) => reader.Bytes()), from.Signed());

    private static void Message(RecordWriter to, (string Tenant, RetainEntry Entry) message)
    {
        to.Text(message.Tenant);
        Entry(to, message.Entry);
    }

    private static (string Tenant, RetainEntry Entry) Message(ref RecordReader from) => (from.Text(), Entry(ref from));

    private static void Producer(RecordWriter to, LastBatch<RetainReply> last)
    {
        ContractFields.Gateway(to, last.Producer);
        to.Signed(last.Sequence);
        to.Byte((byte)last.Reply.Result);
        to.List(last.Reply.Refused, (writer, index) => writer.Count(index));
    }

    private static LastBatch<RetainReply> Producer(ref RecordReader from) => new(
        ContractFields.Gateway(ref from), from.Signed(),
        new RetainReply((SessionResult)from.Byte(), from.List((ref RecordReader reader) => reader.Int32())));

    private sealed class Reader : ISnapshotReader<RetainSnapshot>
    {
        private readonly List<(string Tenant, RetainEntry Entry)> _messages = [];
        private LastBatch<RetainReply>[] _producers = [];
        private string _tenant = ""; // one string for all of its messages

        public void Add(ref RecordReader from)
        {
            switch (from.Byte())
            {
                case ProducersPart:
                    _producers = from.List(Producer);
                    break;
                case MessagesPart:
                    foreach (var (tenant, entry) in from.List(Message))
                    {
                        _messages.Add((_tenant = tenant == _tenant ? _tenant : tenant, entry));
                    }

                    break;
                case var other:
                    throw new InvalidDataException($"A snapshot has an unknown part {other}");
            }
        }

        public RetainSnapshot End() => new(_messages, _producers);
    }
}
