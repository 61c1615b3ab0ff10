using System.Globalization;

namespace GrainMQ.Tests.Sockets.Processes;

/// <summary>The ports on which a process takes connections or datagrams, as the kernel of Linux knows them.</summary>
internal static class OpenPorts
{
    private const string Listening = "0A";

    public static int[] Of(int process)
    {
        var sockets = Directory.EnumerateFiles($"/proc/{process}/fd").Select(Target).Where(target => target.StartsWith("socket:[", StringComparison.Ordinal))
            .Select(target => target["socket:[".Length..^1]).ToHashSet();
        return
        [
            .. from table in (string[])["tcp", "tcp6", "udp", "udp6"]
               from line in File.ReadLines($"/proc/{process}/net/{table}").Skip(1)
               let fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)
               where sockets.Contains(fields[9]) && (table.StartsWith("udp", StringComparison.Ordinal) || fields[3] == Listening)
               let port = int.Parse(fields[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture)
               orderby port
               select port,
        ];
    }

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
