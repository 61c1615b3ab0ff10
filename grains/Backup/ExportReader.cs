using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Segments;

namespace GrainMQ.Grains.Backup;

/// <summary>Reads an export from its beginning and believes nothing: every block is checked before a caller gets it.</summary>
internal sealed class ExportReader : IDisposable
{
    private const int PageBytes = 1 << 20;

    private readonly IDiskFile _file;
    private readonly ExportHeader _header;
    private long _position = ExportHeader.Size;
    private long _record;

    /// <summary>The time of the broker when it was exported, in Unix milliseconds.</summary>
    public long Created => _header.Created;

    /// <exception cref="InvalidDataException">Why it cannot be read, for a sentence that begins with its name.</exception>
    public ExportReader(IDiskFile file)
    {
        _file = file;
        Length = file.Length;
        var bytes = new byte[ExportHeader.Size];
        var read = file.Read(bytes, 0);
        if (!bytes.AsSpan().StartsWith(ExportHeader.Magic))
        {
            throw new InvalidDataException("is not an export of GrainMQ. Name the file that 'export' wrote");
        }

        if (read < bytes.Length)
        {
            throw Cut();
        }

        if (!ExportHeader.TryRead(bytes, out _header))
        {
            throw Changed();
        }

        if (_header.Version > ExportHeader.CurrentVersion)
        {
            throw new InvalidDataException(
                $"has format version {_header.Version}, and this version of GrainMQ reads up to {ExportHeader.CurrentVersion}. "
                + "Import it with the version that wrote it, or with a newer one");
        }
    }

    public long Length { get; }

    /// <summary>How far it was read.</summary>
    public long Position => _position;

    public LogPage Page { get; } = new(PageBytes);

    /// <summary>Fills the page with the next records.</summary>
    /// <returns>False at the end of the file.</returns>
    /// <exception cref="InvalidDataException">The file is not what was written.</exception>
    public bool TryReadPage()
    {
        if (_position == Length)
        {
            return false;
        }

        Page.Begin(_record);
        var step = BlockReader.Fill(Page, _file, _header.Salt, ref _position, Length, ref _record);
        if (step == ReadStep.Broken && Page.IsEmpty)
        {
            throw IsCut() ? Cut() : Changed();
        }

        return true;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>For a file that ends where a block ends, but without the last record.</summary>
    public InvalidDataException Cut() => new(
        $"ends too early, at byte {Length}: it was cut, as by a copy that did not finish. Copy or export it again");

    private InvalidDataException Changed() => new(
        $"was changed behind byte {(_position == ExportHeader.Size ? 0 : _position)}: its bytes are not those that were written. "
        + "Copy or export it again");

    /// <summary>Whether the last block would be right if there were more of it.</summary>
    private bool IsCut()
    {
        var bytes = new byte[(int)Math.Min(BlockHeader.Size, Length - _position)];
        return _file.Read(bytes, _position) < BlockHeader.Size
            || (BlockHeader.TryRead(bytes, _header.Salt, out var header) && header.BlockLength > Length - _position);
    }
}
