using System.Buffers.Binary;
using GrainMQ.Grains.LogStore;
using Xunit;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>
/// What must be in a log: what was acknowledged, at its offset and in order; of what got no answer a prefix; nothing else.
/// </summary>
internal sealed class LogModel
{
    private readonly SortedDictionary<long, TestRecord> _acknowledged = [];
    private readonly List<TestRecord[]> _unanswered = [];
    private long _trimmedBelow;

    public int Count => _acknowledged.Count;

    public void Acknowledged(long first, TestRecord[] records)
    {
        for (var i = 0; i < records.Length; i++)
        {
            _acknowledged.Add(first + i, records[i]);
        }
    }

    /// <summary>The writer does not know what became of it; in the order of the calls.</summary>
    public void Unanswered(TestRecord[] records) => _unanswered.Add(records);

    public void Trimmed(long below) => _trimmedBelow = Math.Max(_trimmedBelow, below);

    /// <summary>Holds all that a log has against the model; what survived without an answer is part of it from now on.</summary>
    public void Check(long first, List<(long Offset, TestRecord Record)> read)
    {
        foreach (var offset in _acknowledged.Keys.TakeWhile(offset => offset < first).ToArray())
        {
            Assert.True(offset < _trimmedBelow, $"{offset} is gone, trimmed was only below {_trimmedBelow}");
            _acknowledged.Remove(offset);
        }
        var survivors = read.Where(entry => !_acknowledged.ContainsKey(entry.Offset)).ToList();
        LongSequence.AssertEqual(read.Select(entry => entry.Offset).Order().Distinct(), read.Select(entry => entry.Offset));
        LongSequence.AssertEqual(_acknowledged, read.Except(survivors).Select(entry => KeyValuePair.Create(entry.Offset, entry.Record)));
        CheckSurvivors(survivors);
        foreach (var (offset, record) in survivors)
        {
            _acknowledged.Add(offset, record);
        }

        _unanswered.Clear();
    }

    private void CheckSurvivors(List<(long Offset, TestRecord Record)> survivors)
    {
        if (survivors.Count == 0)
        {
            return;
        }

        Assert.All(survivors, survivor => Assert.True(survivor.Offset > _acknowledged.Keys.LastOrDefault(-1), "a survivor before what was acknowledged"));
        var left = survivors.Select(survivor => survivor.Record).ToList();
        foreach (var batch in _unanswered.TakeWhile(_ => left.Count > 0))
        {
            Assert.Equal(batch, left.Take(batch.Length));
            left.RemoveRange(0, batch.Length);
        }
        Assert.Empty(left);
    }
}

internal sealed record TestRecord(long Id, int Mark, int Length)
{
    public void AddTo(LogBatch batch)
    {
        var payload = new byte[sizeof(long) + Length];
        BinaryPrimitives.WriteInt64LittleEndian(payload, Id);
        payload.AsSpan(sizeof(long)).Fill((byte)Id);
        batch.Add((byte)(Id % 200), (byte)Mark, (ulong)Id, [(byte)Mark], payload);
    }

    public static TestRecord Of(LogRecord record)
    {
        var id = BinaryPrimitives.ReadInt64LittleEndian(record.Payload);
        var result = new TestRecord(id, record.Flags, record.Payload.Length - sizeof(long));
        Assert.Equal((byte)(id % 200), record.Type);
        Assert.Equal((ulong)id, record.Hlc);
        Assert.True(record.Properties.SequenceEqual([(byte)result.Mark]));
        Assert.False(record.Payload[sizeof(long)..].ContainsAnyExcept((byte)id));
        return result;
    }
}
