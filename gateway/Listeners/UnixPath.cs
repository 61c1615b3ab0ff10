using System.Text;

namespace GrainMQ.Gateway.Listeners;

/// <summary>The path of a Unix domain socket and its permissions, as they are written in the configuration.</summary>
internal static class UnixPath
{
    /// <summary>Longest path in bytes. The kernel's address has 108 on Linux and 104 on macOS, the last one being 0.</summary>
    private static int MaximumLength => OperatingSystem.IsMacOS() ? 103 : 107;

    /// <returns>Null when a socket can have this path and these permissions, else one line with the cure.</returns>
    public static string? WhyNot(ListenerOptions listener)
    {
        var key = $"Listeners:{listener.Name}";
        var length = Encoding.UTF8.GetByteCount(listener.Address);
        if (length == 0)
        {
            return $"{key}:Address is empty: give the path of the socket with --unix PATH.";
        }

        if (length > MaximumLength)
        {
            return $"{key}:Address: the path '{listener.Address}' has {length} bytes, and a Unix socket's at most {MaximumLength}. " +
                "Choose a shorter one with --unix PATH, such as /run/grainmq.sock.";
        }
        return listener.Permissions is not null && ModeOf(listener) is null
            ? $"{key}:Permissions: read '{listener.Permissions}', expected octal digits such as 660."
            : null;
    }

    /// <returns>Null when its directory is there, else the cause and the first half of the cure.</returns>
    public static string? WhyNoDirectory(string path) => Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory && !Directory.Exists(directory)
        ? $"directory '{directory}' does not exist. Create it, or choose another path"
        : null;

    /// <summary>The line for the operator when the socket cannot be bound.</summary>
    public static string CannotListen(ListenerOptions listener, string cause) =>
        $"Cannot listen on {listener.Address} (listener '{listener.Name}'): {cause} with --unix PATH (Listeners:{listener.Name}:Address).";

    /// <summary>Returns the permissions; null when the umask decides.</summary>
    public static UnixFileMode? ModeOf(ListenerOptions listener)
    {
        const int All = 0x1FF; // 777
        var text = listener.Permissions;
        if (text is not { Length: 3 or 4 } || text.Any(c => c is < '0' or > '7'))
        {
            return null;
        }

        var mode = text.Aggregate(0, (bits, digit) => (bits << 3) | (digit - '0'));
        return mode <= All ? (UnixFileMode)mode : null;
    }
}
