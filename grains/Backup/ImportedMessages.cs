using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// The messages of one export by their numbers: which shards need each, and where they have it. The sessions come first in the file, so
/// that this is known when a message comes by. Memory: 12 bytes for a message and 8 more for each shard that needs one.
/// </summary>
internal sealed class ImportedMessages(int count, int shards)
{
    private const long Unwanted = -2;
    private const long Wanted = -1;

    private readonly long[]?[] _offsets = new long[]?[shards];
    private readonly int[] _lengths = new int[count];
    private readonly long[] _expiresAt = new long[count];
    private int _next;

    /// <summary>The number of the message that comes next.</summary>
    public int Next => _next;

    /// <exception cref="InvalidDataException">There is no such message.</exception>
    public void Want(int shard, long number)
    {
        if (number < 0 || number >= count)
        {
            throw new InvalidDataException($"a queue names message {number} of {count}");
        }

        var offsets = _offsets[shard] ??= NewOffsets();
        offsets[number] = Wanted;
    }

    /// <summary>Gives the next message to the shards that need it.</summary>
    public void Take(LogRecord record, StoreTarget[] stores)
    {
        if (_next == count)
        {
            throw new InvalidDataException($"there are more than {count} messages");
        }

        var number = _next++;
        if ((record.Flags & ExportRecord.IsLost) != 0)
        {
            return;
        }

        var properties = new RecordReader(record.Properties);
        _lengths[number] = record.Payload.Length;
        _expiresAt[number] = record.Properties.IsEmpty ? 0 : (long)properties.Number();
        properties.End();
        for (var shard = 0; shard < shards; shard++)
        {
            if (_offsets[shard] is { } offsets && offsets[number] == Wanted)
            {
                offsets[number] = stores[shard].Add(record);
            }
        }
    }

    /// <returns>Null: its bytes were lost before.</returns>
    public MessageRef? Of(int shard, long number) => _offsets[shard] is { } offsets && offsets[number] >= 0
        ? MessageRef.Stored(new MessageBody(null, _lengths[number], _expiresAt[number], offsets[number])) : (MessageRef?)null;

    private long[] NewOffsets()
    {
        var offsets = new long[count];
        Array.Fill(offsets, Unwanted);
        return offsets;
    }
}
