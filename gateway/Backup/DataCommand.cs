using System.CommandLine;
using GrainMQ.Gateway.Configuration;
using GrainMQ.Grains.Backup;
using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Backup;

/// <summary>What a subcommand on the data directory gets.</summary>
/// <param name="Options">As a broker that is started with the same options would have them.</param>
/// <param name="Path">Full name of the data directory.</param>
/// <param name="Output">For what the operator wants to know.</param>
/// <param name="Error">For warnings.</param>
internal sealed record DataCommand(GatewayOptions Options, string Path, TextWriter Output, TextWriter Error)
{
    private const int Failure = 1;

    /// <returns>The exit code; what went wrong is one line on the standard error.</returns>
    public static async Task<int> RunAsync(
        ParseResult result, Func<ParseResult, (GatewayOptions Options, IReadOnlyList<string> Errors)> load, Func<DataCommand, Task> body)
    {
        var (output, error) = (result.InvocationConfiguration.Output, result.InvocationConfiguration.Error);
        var (options, errors) = load(result);
        foreach (var line in errors)
        {
            error.WriteLine($"grainmq: {line}");
        }

        if (errors.Count > 0)
        {
            return Failure;
        }

        try
        {
            var directory = options.Data.Durability == Durability.File ? options.Data.EffectiveDirectory : null;
            var path = System.IO.Path.GetFullPath(directory ?? throw new ExportException(
                "With durability memory nothing is on the disk. Name the data directory of a broker with durability file."));
            await body(new DataCommand(options, path, output, error));
            return 0;
        }
        catch (Exception e) when (e is ExportException or StartupException)
        {
            error.WriteLine($"grainmq: {e.Message}");
            return Failure;
        }
    }

    /// <summary>Whether a broker has kept logs in the directory.</summary>
    public bool HasLogs => Directory.Exists(System.IO.Path.Combine(Path, DataLogs.Store))
        || Directory.Exists(System.IO.Path.Combine(Path, DataLogs.Retain));

    /// <summary>Writes the counts for the operator, such as "1,200 sessions with 5,000 messages, 3 retained messages".</summary>
    public static string Text(ExportCounts counts) => FormattableString.Invariant(
        $"{counts.Sessions:n0} sessions with {counts.Messages:n0} messages, {counts.Retained:n0} retained messages")
        + (counts.Wills > 0 ? FormattableString.Invariant($", {counts.Wills:n0} due wills") : "");
}
