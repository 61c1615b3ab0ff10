namespace GrainMQ.Grains.Journals;

/// <summary>
/// How the changes and snapshots of one kind of shard stand in a log. A message that a change brings is a record of its own, so that it can
/// be read alone; the change names it by its place in the order.
/// </summary>
internal interface IShardCodec<TSnapshot, TChange>
{
    /// <summary>First word of the names of the logs.</summary>
    string Name { get; }

    /// <summary>The messages that a change brings, in order.</summary>
    IReadOnlyList<MessageBody> MessagesOf(TChange change);

    /// <summary>When the change was made, in Unix milliseconds.</summary>
    long TimeOf(TChange change);

    /// <summary>The oldest <see cref="JournalRecord.Format"/> that knows changes of this kind.</summary>
    byte FormatOf(TChange change);

    /// <summary>Writes a change without its messages.</summary>
    void Write(TChange change, RecordWriter to);

    /// <exception cref="InvalidDataException">These bytes are not a change that this version knows.</exception>
    TChange Read(ref RecordReader from, IReadOnlyList<MessageBody> messages);

    /// <summary>In how many records a snapshot stands.</summary>
    int PartsOf(TSnapshot snapshot);

    void Write(TSnapshot snapshot, int part, RecordWriter to);

    ISnapshotReader<TSnapshot> BeginSnapshot();

    /// <summary>The lowest place of a message that the snapshot refers to; <see cref="long.MaxValue"/> when there is none.</summary>
    long LowestOffset(TSnapshot snapshot);
}

/// <summary>Puts a snapshot together from its records.</summary>
internal interface ISnapshotReader<out TSnapshot>
{
    /// <exception cref="InvalidDataException">These bytes are not a part that this version knows.</exception>
    void Add(ref RecordReader from);

    /// <summary>What has been added; parts may be missing when they are damaged.</summary>
    TSnapshot End();
}
