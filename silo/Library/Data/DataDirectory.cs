using GrainMQ.Grains.LogStore.Files;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Silo.Data;

/// <summary>Holds the broker's directory for this process alone until it is disposed or the process ends, even by a crash.</summary>
public sealed class DataDirectory : IDisposable
{
    /// <exception cref="StartupException">It cannot be created or written, or another broker has it.</exception>
    public DataDirectory(DataOptions options)
    {
        Path = System.IO.Path.GetFullPath(options.EffectiveDirectory ?? throw new ArgumentException("No directory is configured.", nameof(options)));
        try
        {
            Lock = DirectoryLock.TryTake(Path, out var otherPid) ?? throw new StartupException(
                $"Data directory '{Path}' is in use by another broker, process {otherPid}. Stop it, or choose another directory with --data DIR.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(Unusable(Path, e), e);
        }
    }

    public string Path { get; }

    /// <summary>The lock that a log store in the directory needs.</summary>
    public DirectoryLock Lock { get; }

    public void Dispose() => Lock.Dispose();

    /// <summary>Removes the directory if it is empty but for the lock; other files stay, and the directory with them.</summary>
    public void Remove() => Lock.Remove();

    /// <summary>Says what is kept and where, for banners.</summary>
    public static string Describe(DataOptions options, DataDirectory? directory) =>
        directory is null ? $"durability: {options.Durability}" : $"durability: {options.Durability}, data directory {directory.Path}";

    /// <summary>Checks that a directory can be written without locking it, also when a running broker has it; leaves nothing behind.</summary>
    /// <returns>Null when it can be used, else one line for the operator.</returns>
    public static string? WhyNotWritable(string directory)
    {
        try
        {
            var existed = Directory.Exists(directory);
            Directory.CreateDirectory(directory);
            var probe = System.IO.Path.Combine(directory, $"{Guid.NewGuid():n}.probe");
            File.WriteAllBytes(probe, []);
            File.Delete(probe);
            if (!existed)
            {
                Directory.Delete(directory);
            }

            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unusable(System.IO.Path.GetFullPath(directory), e);
        }
    }

    private static string Unusable(string path, Exception cause) =>
        $"Data directory '{path}' is not usable: {cause.Message} {Cure(cause)}, or choose another with --data DIR.";

    internal static string Cure(Exception cause) =>
        cause is IOException io && DiskErrors.IsFull(io) ? "Free some space there" : "Give the broker's user the right to write there";
}
