namespace GrainMQ.Grains.LogStore.WriteAhead;

/// <summary>Says who may write to a log, and whether it can be written to. The log's lane changes it; every thread may read it.</summary>
internal sealed class WriterState(string name, StorageContext context)
{
    /// <summary>No writer has this epoch, so all are fenced.</summary>
    private const long Closed = long.MaxValue;

    private LogFault? _fault;
    private long _epoch;
    private bool _isFull;

    public long Epoch => Volatile.Read(ref _epoch);

    /// <summary>Why nothing is written until the log is opened again; null: nothing is wrong.</summary>
    public LogFault? Fault => Volatile.Read(ref _fault);

    /// <summary>Whether the last append found no space.</summary>
    public bool IsFull => Volatile.Read(ref _isFull);

    public bool IsCurrent(long epoch) => Epoch == epoch;

    /// <summary>Returns an epoch above every one before.</summary>
    /// <param name="stored">The epoch of the manifest; behind that of this process when the disk was full.</param>
    /// <param name="least">The epoch is at least this.</param>
    public long NextEpoch(long stored, long least) => Math.Max((_epoch == Closed ? stored : Math.Max(stored, _epoch)) + 1, least);

    /// <summary>Fences every writer before, and takes back a fault.</summary>
    public void Begin(long epoch)
    {
        Volatile.Write(ref _fault, null);
        Volatile.Write(ref _epoch, epoch);
    }

    /// <summary>Fences every writer.</summary>
    public void Close() => Volatile.Write(ref _epoch, Closed);

    /// <summary>Lets the log take nothing more until it is opened again: it is not known what the disk has.</summary>
    /// <param name="file">Full name of the file.</param>
    /// <param name="position">Byte in the file.</param>
    /// <param name="cause">What the disk said.</param>
    public LogFault Fail(string file, long position, Exception cause)
    {
        var fault = new LogFault(file, position, $"{cause.Message} The log takes nothing more until it is opened again.");
        Volatile.Write(ref _fault, fault);
        WriteAheadLog.LogFailed(context.Logger, cause, name, file, position);
        return fault;
    }

    /// <summary>Notes that there is no space. The next append looks again.</summary>
    public LogFault Full(string cause)
    {
        if (!_isFull)
        {
            WriteAheadLog.LogFull(context.Logger, name, cause);
        }

        Volatile.Write(ref _isFull, true);
        return new LogFault(context.Disk.FullName(name), 0, cause);
    }

    /// <summary>Notes that there is space.</summary>
    public void HasSpace()
    {
        if (_isFull)
        {
            WriteAheadLog.LogSpaceBack(context.Logger, name);
        }

        Volatile.Write(ref _isFull, false);
    }
}
