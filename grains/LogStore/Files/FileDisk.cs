using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GrainMQ.Grains.LogStore.Files;

/// <summary>The files below a directory.</summary>
public sealed class FileDisk : IDisk
{
    private readonly string _root;
    private readonly DirectoryLock? _held;
    private readonly FileAccess _access = FileAccess.ReadWrite;

    /// <summary>Everything below a directory that this process alone has; gives it back at its end.</summary>
    public FileDisk(DirectoryLock held) => (_root, _held) = (held.Path, held);

    /// <summary>A directory that others may be using: the caller knows which files of it are its own.</summary>
    /// <param name="directory">Where it is.</param>
    /// <param name="access">Read: files are opened for reading only, also those that the user may not write.</param>
    public FileDisk(string directory, FileAccess access) => (_root, _access) = (Path.GetFullPath(directory), access);

    public long FreeBytes => DiskErrors.Translate(() => new DriveInfo(_root).AvailableFreeSpace);

    public string FullName(string path) => Path.Combine(_root, path);

    public void CreateDirectory(string path)
    {
        if (Directory.Exists(FullName(path)))
        {
            return;
        }

        var parent = Path.GetDirectoryName(path) ?? "";
        if (parent.Length > 0)
        {
            CreateDirectory(parent);
        }

        DiskErrors.Translate(() => Directory.CreateDirectory(FullName(path)));
        FlushDirectory(parent);
    }

    public IReadOnlyList<string> List(string directory) => Directory.Exists(FullName(directory))
        ? [.. DiskErrors.Translate(() => Directory.GetFiles(FullName(directory))).Select(file => Path.GetFileName(file))]
        : [];

    public IDiskFile Open(string path, bool create) => DiskErrors.Translate(() => new DiskFile(File.OpenHandle(
        FullName(path), create ? FileMode.OpenOrCreate : FileMode.Open, _access, FileShare.ReadWrite | FileShare.Delete)));

    public void Rename(string from, string to) =>
        DiskErrors.Translate(() => File.Move(FullName(from), FullName(to), overwrite: true));

    public void Delete(string path) => DiskErrors.Translate(() => File.Delete(FullName(path)));

    public void FlushDirectory(string directory)
    {
        if (!OperatingSystem.IsWindows()) // whose renames are durable with the file system's own log
        {
            DirectoryHandle.Flush(FullName(directory));
        }
    }

    public void Dispose() => _held?.Dispose();

    private sealed class DiskFile(SafeFileHandle handle) : IDiskFile
    {
        public long Length => DiskErrors.Translate(() => RandomAccess.GetLength(handle));

        public int Read(Span<byte> buffer, long position)
        {
            var total = 0;
            while (total < buffer.Length)
            {
                var read = RandomAccess.Read(handle, buffer[total..], position + total);
                if (read == 0)
                {
                    break;
                }

                total += read;
            }
            return total;
        }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            try
            {
                RandomAccess.Write(handle, bytes, position);
            }
            catch (IOException e) when (DiskErrors.IsFull(e))
            {
                throw new DiskFullException(e.Message, e);
            }
            catch (ArgumentOutOfRangeException e) // how the framework says EFBIG, a limit of the file system or of the user (ulimit -f)
            {
                throw new IOException(e.Message, e);
            }
        }

        public void Truncate(long length) => DiskErrors.Translate(() => RandomAccess.SetLength(handle, length));

        public void Flush() => DiskErrors.Translate(() => RandomAccess.FlushToDisk(handle));

        public void Dispose() => handle.Dispose();
    }

    /// <summary>The framework opens no directories, and only an open one can be flushed.</summary>
    private static class DirectoryHandle
    {
        private const int ReadOnly = 0;

        public static void Flush(string path)
        {
            var descriptor = Open(path, ReadOnly);
            if (descriptor < 0)
            {
                throw Error(path);
            }

            try
            {
                if (FSync(descriptor) != 0)
                {
                    throw Error(path);
                }
            }
            finally
            {
                _ = Close(descriptor); // nothing was written through it
            }
        }

        private static IOException Error(string path)
        {
            var code = Marshal.GetLastPInvokeError();
            var message = $"{Marshal.GetPInvokeErrorMessage(code)} : '{path}'";
            return DiskErrors.IsFull(code) ? new DiskFullException(message) : new IOException(message, code);
        }

#pragma warning disable SYSLIB1054 // three plain calls are not worth unsafe code for the whole assembly
        [DllImport("libc", EntryPoint = "open", SetLastError = true)]
        private static extern int Open([MarshalAs(UnmanagedType.LPUTF8Str)] string path, int flags);

        [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
        private static extern int FSync(int descriptor);

        [DllImport("libc", EntryPoint = "close")]
        private static extern int Close(int descriptor);
#pragma warning restore SYSLIB1054
    }
}
