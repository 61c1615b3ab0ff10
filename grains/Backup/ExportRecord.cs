namespace GrainMQ.Grains.Backup;

/// <summary>The kinds of records of an export, in the order in which they stand there; numbers are never used again.</summary>
internal static class ExportRecord
{
    /// <summary>First: the counts.</summary>
    public const byte Begin = 1;

    public const byte Session = 2;

    public const byte Will = 3;

    /// <summary>Properties: when it expires, or none. Payload: the message. Queues name it by its number, which counts from 0.</summary>
    public const byte Message = 4;

    public const byte Retained = 5;

    /// <summary>Last: the counts again.</summary>
    public const byte End = 6;

    /// <summary>Flag of a message whose bytes could not be read any more.</summary>
    public const byte IsLost = 1;
}
