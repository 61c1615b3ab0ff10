using System.CommandLine;
using GrainMQ.Gateway.Configuration;
using GrainMQ.Grains.Backup;
using GrainMQ.Grains.LogStore.Files;
using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Backup;

/// <summary><c>export FILE</c>: writes the durable state into one file, also while a broker runs on the directory.</summary>
internal static class ExportCommand
{
    public static Command Create(Func<ParseResult, (GatewayOptions Options, IReadOnlyList<string> Errors)> load, Option[] options)
    {
        var file = PathArgument.Create("FILE", "The file to write.");
        var force = new Option<bool>("--force") { Description = "Replace FILE when it exists." };
        var skip = new Option<bool>("--skip-damaged")
        {
            Description = "Export what can be read of a damaged data directory, and say what is missing.",
        };
        var command = new Command(
            "export",
            "Write sessions, their messages, wills and retained messages into a file. The broker may be running: the file has everything that "
            + "was acknowledged when the export began.")
        {
            file, force, skip,
        };
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction((result, _) => DataCommand.RunAsync(
            result, load, data => RunAsync(data, result.GetRequiredValue(file), result.GetValue(force), result.GetValue(skip))));
        return command;
    }

    private static async Task RunAsync(DataCommand data, string file, bool isForced, bool skipsDamaged)
    {
        var path = Path.GetFullPath(file);
        CheckTarget(path, isForced);
        CheckSource(data);
        ShardLayout.Adopt(data.Path, data.Options.Grains);
        CreatePrivately($"{path}.tmp");
        using var source = new FileDisk(data.Path, FileAccess.Read);
        using var target = new FileDisk(Path.GetDirectoryName(path) ?? path, FileAccess.ReadWrite);
        var report = await ProgressDisplay.RunAsync(data.Output, progress =>
        {
            var export = new DataExport(source, data.Options.Grains, TimeProvider.System, progress) { SkipsDamaged = skipsDamaged };
            return export.WriteAsync(target, Path.GetFileName(path));
        });
        foreach (var warning in report.Warnings)
        {
            data.Error.WriteLine($"grainmq: {warning}");
        }

        data.Output.WriteLine(FormattableString.Invariant($"{file}: {report.Bytes:n0} bytes, ") + DataCommand.Text(report.Counts));
    }

    private static void CheckTarget(string path, bool isForced)
    {
        if (Directory.Exists(path))
        {
            throw new ExportException($"'{path}' is a directory. Name a file.");
        }

        if (File.Exists(path) && !isForced)
        {
            throw new ExportException($"'{path}' exists. Choose another name, or replace it with --force.");
        }
    }

    private static void CheckSource(DataCommand data)
    {
        if (!Directory.Exists(data.Path))
        {
            throw new ExportException($"Data directory '{data.Path}' does not exist. Name the directory of the broker with --data DIR.");
        }

        if (new ImportStage(data.Path).IsReady)
        {
            throw new ExportException(
                $"An import into data directory '{data.Path}' was interrupted. Start the broker on it: it finishes the import.");
        }
        if (!data.HasLogs)
        {
            throw new ExportException(
                $"Data directory '{data.Path}' has nothing to export: no broker with durability file has run on it. "
                + "Name the directory of one with --data DIR.");
        }
    }

    /// <summary>
    /// Creates the file for this user alone: the messages of all clients will be in it. What an interrupted export left, or another user has put there,
    /// goes; a link that comes back is not followed.
    /// </summary>
    private static void CreatePrivately(string path)
    {
        try
        {
            File.Delete(path);
            var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            new FileStream(path, options).Dispose();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ExportException(
                $"'{path}' cannot be written: {e.Message} Name a file in a directory that this user may write to.", e);
        }
    }
}
