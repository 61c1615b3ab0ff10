using System.Globalization;

namespace GrainMQ.Gateway.Hosting;

/// <summary>The broker's directory, held by this process alone until it is disposed or the process ends, however it ends.</summary>
public sealed class DataDirectory : IDisposable
{
    private const string LockName = "grainmq.lock";
    private const string PidName = "grainmq.pid";

    private readonly FileStream _lock;

    /// <exception cref="StartupException">It cannot be created or written, or another broker has it.</exception>
    public DataDirectory(DataOptions options)
    {
        Path = System.IO.Path.GetFullPath(options.Directory ?? throw new ArgumentException("No directory is configured.", nameof(options)));
        try
        {
            Directory.CreateDirectory(Path);
            _lock = Lock();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(Unusable(Path, e), e);
        }
    }

    public string Path { get; }

    public void Dispose() => _lock.Dispose();

    /// <summary>Tries a directory without taking it, also when a running broker has it; leaves nothing behind.</summary>
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
                Directory.Delete(directory);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Unusable(System.IO.Path.GetFullPath(directory), e);
        }
    }

    private static string Unusable(string path, Exception cause) =>
        $"Data directory '{path}' is not usable: {cause.Message} Give the broker's user the right to write there, or choose another with --data DIR.";

    private FileStream Lock()
    {
        FileStream held;
        try
        {
            held = new FileStream(System.IO.Path.Combine(Path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException) && OtherPid() is { } pid)
        {
            throw new StartupException(
                $"Data directory '{Path}' is in use by another broker, process {pid}. Stop it, or choose another directory with --data DIR.", e);
        }
        // In a file of its own: the locked one cannot be read by others.
        File.WriteAllText(System.IO.Path.Combine(Path, PidName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
        return held;
    }

    private string? OtherPid()
    {
        var file = System.IO.Path.Combine(Path, PidName);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }
}
