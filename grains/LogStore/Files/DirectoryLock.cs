using System.Globalization;

namespace GrainMQ.Grains.LogStore.Files;

/// <summary>
/// A directory that this process alone has, until it is disposed or the process ends, however it ends: the operating system gives the
/// lock back.
/// </summary>
public sealed class DirectoryLock : IDisposable
{
    private const string LockName = "grainmq.lock";
    private const string PidName = "grainmq.pid";

    private readonly FileStream _held;

    private DirectoryLock(string path, FileStream held) => (Path, _held) = (path, held);

    public string Path { get; }

    /// <returns>Null, with the process that has it, when the directory is taken.</returns>
    /// <exception cref="IOException">It cannot be created or written.</exception>
    /// <exception cref="UnauthorizedAccessException">As above.</exception>
    public static DirectoryLock? TryTake(string directory, out string? otherPid)
    {
        var path = System.IO.Path.GetFullPath(directory);
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(path);
        }
        else
        {
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute); // the messages of all clients
        }

        otherPid = null;
        try
        {
            var held = new FileStream(System.IO.Path.Combine(path, LockName), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // In a file of its own: the locked one cannot be read by others.
            File.WriteAllText(System.IO.Path.Combine(path, PidName), Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new DirectoryLock(path, held);
        }
        catch (IOException e) when (DiskErrors.IsTaken(e) && Pid(path) is { } pid)
        {
            otherPid = pid;
            return null;
        }
    }

    public void Dispose() => _held.Dispose();

    /// <summary>Removes the directory, if nothing but the lock is in it. It is still held.</summary>
    public void Remove()
    {
        try
        {
            File.Delete(System.IO.Path.Combine(Path, PidName));
            File.Delete(_held.Name);
            Directory.Delete(Path);
        }
        catch (IOException)
        {
            // something else is in it; or the system keeps files that are open
        }
    }

    private static string? Pid(string path)
    {
        var file = System.IO.Path.Combine(path, PidName);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : null;
    }
}
