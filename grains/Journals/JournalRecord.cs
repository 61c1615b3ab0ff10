namespace GrainMQ.Grains.Journals;

/// <summary>The kinds of records of a journal, and the version of their contents.</summary>
internal static class JournalRecord
{
    /// <summary>Raised when a reader of the version before could not read what is written. A record says the oldest one that it needs.</summary>
    public const byte NewestFormat = 4;

    public const byte Format = 1;

    /// <summary>The first format whose snapshots say how far the clock had come.</summary>
    public const byte FormatWithTime = 4;

    /// <summary>Properties: when it expires, or none. Payload: the message.</summary>
    public const byte Message = 1;

    /// <summary>Behind its messages, in the same batch. Its clock is the change's number.</summary>
    public const byte Change = 2;

    /// <summary>First record of a snapshot: the number of the last change in it and, from <see cref="FormatWithTime"/> on, when that was made.</summary>
    public const byte SnapshotHead = 3;

    public const byte SnapshotPart = 4;

    /// <summary>Written to find out whether there is space again; means nothing.</summary>
    public const byte Probe = 5;

    /// <summary>Reads the format of a record, its first byte.</summary>
    /// <exception cref="InvalidDataException">A newer broker has written the record.</exception>
    public static byte ReadFormat(ref RecordReader from)
    {
        var format = from.Byte();
        if (format is < Format or > NewestFormat)
        {
            throw new InvalidDataException($"it has records of format {format}; this version of GrainMQ reads formats {Format} to {NewestFormat}. Use the version that wrote it, or a newer one");
        }

        return format;
    }
}
