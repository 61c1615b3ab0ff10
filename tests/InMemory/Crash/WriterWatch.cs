using System.Collections.Concurrent;

namespace GrainMQ.Tests.InMemory.Crash;

/// <summary>
/// Looks on while logs are written to, through all lives of a broker: a log has one writer (I10), and what was
/// acknowledged keeps its offset (I11).
/// </summary>
internal sealed class WriterWatch
{
    private readonly ConcurrentDictionary<string, Writing> _logs = new();

    /// <summary>What was wrong first; null: nothing.</summary>
    public string? Violation { get; private set; }

    /// <summary>Appends that were acknowledged.</summary>
    public int Appends { get; private set; }

    public void Opened(string log, long epoch)
    {
        var writing = _logs.GetOrAdd(log, _ => new Writing());
        lock (writing)
        {
            if (!writing.Epochs.Add(epoch))
            {
                Violation ??= $"{log} was opened twice under epoch {epoch}";
            }

            writing.Epoch = Math.Max(writing.Epoch, epoch); // two openings may be told of in another order than they were made
        }
    }

    /// <returns>Whether the epoch is the log's.</returns>
    public bool IsCurrent(string log, long epoch)
    {
        var writing = _logs[log];
        lock (writing)
        {
            return writing.Epoch == epoch;
        }
    }

    /// <param name="log">Name.</param>
    /// <param name="epoch">Of the writer.</param>
    /// <param name="wasCurrent">When it called.</param>
    /// <param name="first">Offset of its first record.</param>
    /// <param name="count">Records.</param>
    public void Appended(string log, long epoch, bool wasCurrent, long first, int count)
    {
        var writing = _logs[log];
        lock (writing)
        {
            Appends++;
            if (!wasCurrent)
            {
                Violation ??= $"{log}: epoch {epoch} appended after {writing.Epoch} had begun";
            }

            for (var offset = first; offset < first + count; offset++)
            {
                if (!writing.Acknowledged.Add(offset))
                {
                    Violation ??= $"{log}: offset {offset} was acknowledged twice: what stood there was lost";
                }
            }
        }
    }

    private sealed class Writing
    {
        public long Epoch;

        public HashSet<long> Epochs { get; } = [];

        public HashSet<long> Acknowledged { get; } = [];
    }
}
