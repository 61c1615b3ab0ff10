using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.Sessions.Codec;

namespace GrainMQ.Grains.Directory;

/// <summary>The journal <c>directory/0</c>: every record is the whole directory.</summary>
internal sealed class DirectoryCodec : IShardCodec<DirectoryRecord, DirectoryRecord>
{
    public string Name => "directory";

    public IReadOnlyList<MessageBody> MessagesOf(DirectoryRecord change) => [];

    public long TimeOf(DirectoryRecord change) => change.At;

    public byte FormatOf(DirectoryRecord change) => JournalRecord.Format;

    public void Write(DirectoryRecord change, RecordWriter to)
    {
        to.Signed(change.At);
        to.Signed(change.LastNumber);
        to.Signed(change.Oldest);
        to.Signed(change.ViewId);
        to.List(change.Members, Member);
    }

    public DirectoryRecord Read(ref RecordReader from, IReadOnlyList<MessageBody> messages) =>
        new(from.Signed(), from.Signed(), from.Signed(), from.Signed(), from.List(Member));

    public int PartsOf(DirectoryRecord snapshot) => 1;

    public void Write(DirectoryRecord snapshot, int part, RecordWriter to) => Write(snapshot, to);

    public ISnapshotReader<DirectoryRecord> BeginSnapshot() => new Reader(this);

    public long LowestOffset(DirectoryRecord snapshot) => long.MaxValue;

    private static void Member(RecordWriter to, GatewayBeat member)
    {
        ContractFields.Gateway(to, member.Gateway);
        to.Text(member.Endpoint);
        to.Byte((byte)member.State);
        to.Count(member.Connections);
    }

    private static GatewayBeat Member(ref RecordReader from) =>
        new(ContractFields.Gateway(ref from), from.Text(), (GatewayState)from.Byte(), from.Int32());

    private sealed class Reader(DirectoryCodec codec) : ISnapshotReader<DirectoryRecord>
    {
        private DirectoryRecord _read = new(0, 0, 0, 0, []);

        public void Add(ref RecordReader from) => _read = codec.Read(ref from, []);

        public DirectoryRecord End() => _read;
    }
}
