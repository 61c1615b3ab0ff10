using System.Globalization;

namespace GrainMQ.Tests.Sockets.Processes;

/// <summary>The ports on which a process takes connections or datagrams, as the kernel of Linux knows them.</summary>
internal static class OpenPorts
{
    private const string Listening = "0A";

    /// <summary>Those that the process has opened itself.</summary>
    public static int[] Of(ProcessRun run)
    {
        var sockets = SocketsOf($"{run.Id}").Except(run.Inherited).ToHashSet();
        return
        [
            .. from table in (string[])["tcp", "tcp6", "udp", "udp6"]
               from line in File.ReadLines($"/proc/{run.Id}/net/{table}").Skip(1)
               let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
               where sockets.Contains(fields[9]) && (table.StartsWith("udp", StringComparison.Ordinal) || fields[3] == Listening)
               let port = int.Parse(fields[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
               orderby port
               select port,
        ];
    }

    /// <summary>The sockets of this process, by the kernel's numbers; none on systems that do not tell.</summary>
    public static IEnumerable<string> SocketsHere() => OperatingSystem.IsLinux() ? SocketsOf("self") : [];

    private static IEnumerable<string> SocketsOf(string process) =>
        from descriptor in Directory.EnumerateFiles($"/proc/{process}/fd")
        let target = Target(descriptor)
        where target.StartsWith("socket:[", StringComparison.Ordinal)
        select target["socket:[".Length..^1];

    private static string Target(string descriptor)
    {
        try
        {
            return new FileInfo(descriptor).LinkTarget ?? "";
        }
        catch (IOException)
        {
            return ""; // closed meanwhile
        }
    }
}
