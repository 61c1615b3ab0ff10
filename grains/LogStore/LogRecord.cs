namespace GrainMQ.Grains.LogStore;

/// <summary>One record of a page; valid until the page is read into again. The fields are those of <see cref="LogBatch"/>.</summary>
public readonly ref struct LogRecord
{
    public long Offset { get; init; }

    public byte Type { get; init; }

    public byte Flags { get; init; }

    public ulong Hlc { get; init; }

    public ReadOnlySpan<byte> Properties { get; init; }

    public ReadOnlySpan<byte> Payload { get; init; }
}
