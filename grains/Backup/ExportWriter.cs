using System.Security.Cryptography;
using GrainMQ.Grains.LogStore;

namespace GrainMQ.Grains.Backup;

/// <summary>Writes records to a new file, in blocks as a log has them.</summary>
internal sealed class ExportWriter
{
    private const int BlockBytes = 256 << 10;

    private readonly IDiskFile _file;
    private readonly ExportHeader _header;
    private readonly LogBatch _batch = new(BlockBytes * 2);
    private long _records;

    public ExportWriter(IDiskFile file, long now)
    {
        _file = file;
        _header = new ExportHeader(
            ExportHeader.CurrentVersion, now, (uint)RandomNumberGenerator.GetInt32(int.MaxValue));
        _file.Truncate(0);
        _file.Write(_header.ToBytes(), 0);
        Length = ExportHeader.Size;
    }

    /// <summary>Bytes written.</summary>
    public long Length { get; private set; }

    public void Add(byte type, byte flags, ReadOnlySpan<byte> properties, ReadOnlySpan<byte> payload)
    {
        _batch.Add(type, flags, 0, properties, payload);
        if (_batch.Bytes >= BlockBytes)
        {
            Write();
        }
    }

    /// <summary>Waits until everything is on the disk.</summary>
    public void Finish()
    {
        if (_batch.Count > 0)
        {
            Write();
        }

        _file.Flush();
    }

    private void Write()
    {
        _batch.Finish(_records, _records, _header.Salt);
        _file.Write(_batch.Block.Span, Length);
        _records += _batch.Count;
        Length += _batch.Bytes;
        _batch.Clear();
    }
}
