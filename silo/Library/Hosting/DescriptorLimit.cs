using System.Globalization;

namespace GrainMQ.Silo.Hosting;

/// <summary>The limit of open files of this process. Only Linux has one that can be read.</summary>
internal static class DescriptorLimit
{
    /// <summary>
    /// What a process needs before its first client: 200 to 230 for itself (each assembly is a file), and some for logs, timers and the first
    /// connections. With less .NET fails at any place at which it opens a file.
    /// </summary>
    public const int Needed = 320;

    /// <summary>The limit; <see cref="long.MaxValue"/> where none is known.</summary>
    public static long Value { get; } = Read();

    /// <summary>Returns a line for the operator when the limit is too low to start; null when it is not.</summary>
    public static string? Fault(long limit) => limit >= Needed
        ? null
        : $"This process may open {limit} files, and needs {Needed} before the first client, and one more for each client. Raise the limit with " +
            "'ulimit -n 65536' before the command, LimitNOFILE=65536 in the unit of systemd, or --ulimit nofile=65536 for a container.";

    private static long Read()
    {
        const string limits = "/proc/self/limits";
        if (!OperatingSystem.IsLinux() || !File.Exists(limits))
        {
            return long.MaxValue;
        }

        var line = File.ReadLines(limits).FirstOrDefault(line => line.StartsWith("Max open files", StringComparison.Ordinal)) ?? "";
        var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return words.Length > 3 && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : long.MaxValue;
    }
}
