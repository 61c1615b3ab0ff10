using System.Diagnostics;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Disks;

/// <summary>A file system of 64 MB in memory, which a test may fill and make read-only; it goes with the test.</summary>
internal sealed class MountedDisk : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    private MountedDisk()
    {
    }

    public string Path => _directory.Path;

    /// <summary>Skips the test where mounting is not allowed, with the reason.</summary>
    public static MountedDisk MountOrSkip()
    {
        var disk = new MountedDisk();
        if (Run("mount", "-t", "tmpfs", "-o", "size=64m", "grainmq-test", disk.Path) is { } refusal)
        {
            disk._directory.Dispose();
            Assert.Skip($"A full disk needs a file system of its own, and mounting one is not allowed here: {refusal}");
        }

        return disk;
    }

    public void MakeReadOnly() => Assert.Null(Run("mount", "-o", "remount,ro", Path));

    /// <summary>Leaves not a byte.</summary>
    public void Fill()
    {
        using var file = new FileStream(Filler, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        var page = new byte[4096];
        try
        {
            while (true)
            {
                file.Write(page);
            }
        }
        catch (IOException)
        {
            // full
        }
    }

    public void Free() => File.Delete(Filler);

    public void Dispose()
    {
        Assert.Null(Run("umount", Path));
        _directory.Dispose();
    }

    private string Filler => System.IO.Path.Combine(Path, "filler");

    /// <returns>Null when it went well; otherwise what it said.</returns>
    private static string? Run(string program, params string[] arguments)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "this is not Linux";
        }

        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })
            ?? throw new InvalidOperationException($"{program} did not start.");
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : error.Trim();
    }
}
