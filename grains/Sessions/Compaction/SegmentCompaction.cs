using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using GrainMQ.Grains.Shards;

namespace GrainMQ.Grains.Sessions.Compaction;

/// <summary>
/// Frees old segments of the write-ahead log that few messages keep, so that one forgotten session with one old message does not keep
/// gigabytes: what is still needed of them is appended again, and the next snapshot deletes them. Used by one activation, in its turns.
/// </summary>
/// <remarks>
/// A step is a change like any other: the messages and where they stood, in one batch. Before its commit nothing has changed; after it
/// the message has two places, until the snapshot that knows the new one drops the old. So a crash between any two of these loses
/// nothing, and a step that is done twice does no harm.
/// </remarks>
/// <param name="state">The shard's state.</param>
/// <param name="writer">The shard's writer.</param>
/// <param name="begin">Does what time has done; returns Unix milliseconds.</param>
/// <param name="least">The bytes that must be freed at least: they cost a snapshot.</param>
/// <param name="looks">How many sessions and messages one turn looks at.</param>
/// <param name="pause">Gives others their turn, and the disk a rest after so many bytes; false says stop.</param>
internal sealed class SegmentCompaction(
    StoreShardState state, ShardWriter<SessionSnapshot, SessionChange> writer, Func<long> begin, long least, int looks, Func<long, Task<bool>> pause)
{
    /// <summary>A run of segments is rewritten when less than one part in so many of its bytes is still needed.</summary>
    private const int SparseShare = 4;

    // one step: it is read into memory, and committed as one change
    private const int MoveMessages = 1_000;
    private const int MoveBytes = 256 << 10;

    /// <summary>Bytes of messages that were appended again.</summary>
    public long Moved { get; private set; }

    /// <summary>Bytes of segments that were deleted.</summary>
    public long Freed { get; private set; }

    public async Task RunAsync()
    {
        var holders = new List<SessionRecord>();
        if (writer.Kept is not { Count: > 0 } segments || await FindSparseAsync(segments, holders) is not (> 0 and var below))
        {
            return;
        }

        if (!await MoveAsync(new QueueWalk(holders, looks), below))
        {
            return;
        }

        var before = Bytes(below);
        if (Moved > 0 && await writer.SnapshotAsync() == JournalResult.Ok)
        {
            Freed = before - Bytes(below);
        }
    }

    private long Bytes(long below) => writer.Kept.Where(segment => segment.NextOffset <= below).Sum(segment => segment.Bytes);

    /// <summary>
    /// Finds the sparse segments. Messages that come meanwhile are behind the segments, and messages that go make them emptier than they are
    /// found: the answer may miss a run, and never names one that is full.
    /// </summary>
    /// <param name="segments">Segments that only messages keep.</param>
    /// <param name="holders">Gets the sessions with messages in them.</param>
    /// <returns>The offset after the run of segments to free; 0 if there are none.</returns>
    private async Task<long> FindSparseAsync(IReadOnlyList<LogSegmentInfo> segments, List<SessionRecord> holders)
    {
        var (walk, live) = (new QueueWalk(state.Sessions.All, looks), new LiveBytes(segments));
        while (true)
        {
            foreach (var (session, item) in walk.Part())
            {
                if (live.Add(item.Message) && (holders.Count == 0 || holders[^1] != session))
                {
                    holders.Add(session);
                }
            }

            if (walk.IsOver)
            {
                return live.SparseBelow(SparseShare, least);
            }

            if (!await pause(0))
            {
                return 0;
            }
        }
    }

    /// <returns>False if the compaction cannot go on.</returns>
    private async Task<bool> MoveAsync(QueueWalk walk, long below)
    {
        while (!walk.IsOver)
        {
            var standing = Standing(walk, below);
            if ((standing.Count == 0 ? 0 : await MoveAsync(standing)) is not { } moved || !await pause(moved))
            {
                return false;
            }

            Moved += moved;
        }
        return true;
    }

    /// <summary>Returns the next few messages that stand below an offset.</summary>
    private static List<MovedMessage> Standing(QueueWalk walk, long below)
    {
        var (found, seen, bytes) = (new List<MovedMessage>(), new HashSet<long>(), 0L);
        foreach (var (session, item) in walk.Part())
        {
            if (item.Message.Offset < 0 || item.Message.Offset >= below || !seen.Add(item.Message.Offset))
            {
                continue;
            }

            found.Add(new MovedMessage(item.Message.Body, session.Key, item.Number, item.Message.Offset));
            bytes += item.Message.Length;
            if (bytes >= MoveBytes || found.Count == MoveMessages)
            {
                break;
            }
        }
        return found;
    }

    /// <returns>The bytes moved; null if a message cannot be read (its segment stays, so that it can be restored) or nothing can be written.</returns>
    private async Task<long?> MoveAsync(List<MovedMessage> standing)
    {
        var bytes = new byte[]?[standing.Count];
        if (await writer.ReadAsync([.. standing.Select(message => message.From)], bytes) != JournalResult.Ok || !await writer.HasSpaceAsync())
        {
            return null;
        }

        await writer.ReplacedAsync(); // a snapshot that is being written has one place of every message, for all of its parts
        if (writer.IsOver || writer.IsReplacing)
        {
            return null;
        }

        var now = begin();
        var (moved, messages) = (new List<MovedMessage>(), new List<StoredMessage>());
        for (var at = 0; at < standing.Count; at++)
        {
            if (state.Moves.Hold(standing[at]) is not { } message)
            {
                continue; // delivered meanwhile
            }

            if (bytes[at] is not { } body)
            {
                return null;
            }

            moved.Add(standing[at] with { Body = new MessageBody(body, body.Length, message.ExpiresAt) });
            messages.Add(message);
        }
        return moved.Count == 0 ? 0 : await CommitAsync(new Moved(now, [.. moved]), messages);
    }

    private async Task<long?> CommitAsync(Moved change, List<StoredMessage> messages)
    {
        var isMoved = false;
        var result = await writer.CommitAsync(change, first =>
        {
            isMoved = first >= 0; // otherwise a snapshot was written in its place
            for (var at = 0; isMoved && at < messages.Count; at++)
            {
                messages[at].Move(first + at);
            }
        });
        return result == JournalResult.Ok && isMoved ? change.Messages.Sum(message => (long)message.Body.Length) : null;
    }
}
