namespace GrainMQ.Grains.LogStore;

/// <summary>
/// The few things that a log asks of a disk: what a provider of files implements, and what a test breaks, so that it loses, tears and
/// reorders exactly what a power cut may. Paths are relative,
/// with '/' between names. Every member may be called from several threads; all throw <see cref="IOException"/>,
/// <see cref="DiskFullException"/> where space was the reason.
/// </summary>
public interface IDisk : IDisposable
{
    /// <summary>Returns the name of a file in messages for the operator.</summary>
    string FullName(string path);

    /// <summary>Creates a directory and those above it where they are missing, durably.</summary>
    void CreateDirectory(string path);

    /// <summary>Returns the names of the files in a directory; none when there is no such directory.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>Opens a file for reading and writing. A new one is durable only after its directory was flushed.</summary>
    /// <exception cref="FileNotFoundException">There is none and it shall not be created.</exception>
    IDiskFile Open(string path, bool create);

    /// <summary>Renames a file, and replaces what has the new name. Durable only after the directory was flushed.</summary>
    void Rename(string from, string to);

    /// <summary>Deletes a file, if there is one. Durable only after the directory was flushed.</summary>
    void Delete(string path);

    /// <summary>Waits until the names in a directory are on the disk.</summary>
    void FlushDirectory(string directory);

    /// <summary>Bytes that may still be written.</summary>
    long FreeBytes { get; }
}

/// <summary>An open file. What is written may be on the disk or not, in any order, until <see cref="Flush"/> returned.</summary>
public interface IDiskFile : IDisposable
{
    long Length { get; }

    /// <summary>Reads until the buffer is full or the file ends.</summary>
    int Read(Span<byte> buffer, long position);

    void Write(ReadOnlySpan<byte> bytes, long position);

    void Truncate(long length);

    /// <summary>Waits until the contents are on the disk. After a failure it is not known what is there: a later success does not say.</summary>
    void Flush();
}
