using System.CommandLine;
using System.CommandLine.Parsing;
using GrainMQ.Gateway.Configuration;
using GrainMQ.Grains.Backup;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Files;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;
using Microsoft.Extensions.Logging.Abstractions;

namespace GrainMQ.Gateway.Backup;

/// <summary>
/// <c>import FILE</c>: writes the state of an export into a data directory that no broker has. All or nothing: the new logs are made beside the
/// existing ones, which are exported first where both are to be kept, and take their place at the end.
/// </summary>
internal sealed class ImportCommand(DataCommand data, MergeMode? merge)
{
    private const string Existing = "existing";

    private readonly ImportStage _stage = new(data.Path);

    public static Command Create(Func<ParseResult, (GatewayOptions Options, IReadOnlyList<string> Errors)> load, Option[] options)
    {
        var file = PathArgument.Create("FILE", "A file that 'export' wrote.");
        var merge = new Option<MergeMode?>("--merge")
        {
            HelpName = "keep|replace",
            Description = "Add to a data directory that has sessions or retained messages. One that is in both stays as it is there (keep), "
                + "or is taken from FILE (replace).",
            CustomParser = Merge,
        };
        var command = new Command("import", "Read a file that 'export' wrote into a data directory on which no broker is running.")
        {
            file, merge,
        };
        foreach (var option in options)
        {
            command.Options.Add(option);
        }

        command.SetAction((result, _) => DataCommand.RunAsync(
            result, load, data => new ImportCommand(data, result.GetValue(merge)).RunAsync(result.GetRequiredValue(file))));
        return command;
    }

    private static MergeMode? Merge(ArgumentResult argument)
    {
        switch (argument.Tokens[0].Value)
        {
            case "keep":
                return MergeMode.Keep;
            case "replace":
                return MergeMode.Replace;
            case var other:
                argument.AddError($"--merge: read '{other}', expected keep or replace.");
                return null;
        }
    }

    private async Task RunAsync(string file)
    {
        var path = Path.GetFullPath(file);
        using var source = new FileDisk(Path.GetDirectoryName(path) ?? path, FileAccess.Read);
        DataImport.Check(source, Path.GetFileName(path));
        var existed = Directory.Exists(data.Path);
        using var directory = new DataDirectory(data.Options.Data);
        ExportCounts counts;
        try
        {
            _stage.Recover(); // what another import left may have other shards
            ShardLayout.Compare(data.Path, data.Options.Grains);
            counts = await ProgressDisplay.RunAsync(data.Output, progress => ImportAsync(source, Path.GetFileName(path), progress));
        }
        catch when (!existed)
        {
            directory.Remove();
            throw;
        }
        data.Output.WriteLine($"{file}: {DataCommand.Text(counts)} imported into {data.Path}");
    }

    private async Task<ExportCounts> ImportAsync(IDisk source, string file, IExportProgress progress)
    {
        try
        {
            _stage.Begin();
            var counts = await MakeAsync(source, file, progress);
            _stage.Commit(data.Options.Grains);
            return counts;
        }
        catch (Exception e)
        {
            if (!_stage.IsReady)
            {
                _stage.Discard();
            }

            if (e is IOException or UnauthorizedAccessException)
            {
                throw new ExportException(
                    $"Data directory '{data.Path}' cannot be written: {e.Message} Give this user the right to write there.", e);
            }
            throw;
        }
    }

    private async Task<ExportCounts> MakeAsync(IDisk source, string file, IExportProgress progress)
    {
        using var scratch = new FileDisk(_stage.Path, FileAccess.ReadWrite);
        var isMerged = data.HasLogs && await ExportExistingAsync(scratch, progress);
        var held = DirectoryLock.TryTake(_stage.NewPath, out _)
            ?? throw new InvalidOperationException("Another process has a directory below the one that is locked.");
        await using var logs = FileLogStore.Open(held, data.Options.Store, TimeProvider.System, NullLogger<SegmentLogStore>.Instance);
        using var import = await DataImport.BeginAsync(
            logs, data.Options.Grains, new WireRules(data.Options.Connections.MaximumTopicLevels).Rules, TimeProvider.System, progress);
        if (isMerged && merge == MergeMode.Keep)
        {
            await import.AddAsync(scratch, Existing);
        }

        var counts = await import.AddAsync(source, file);
        if (isMerged && merge == MergeMode.Replace)
        {
            await import.AddAsync(scratch, Existing);
        }

        await import.FinishAsync();
        return counts;
    }

    /// <returns>Whether the data directory has anything to keep.</returns>
    private async Task<bool> ExportExistingAsync(FileDisk scratch, IExportProgress progress)
    {
        using var disk = new FileDisk(data.Path, FileAccess.Read);
        var export = new DataExport(disk, data.Options.Grains, TimeProvider.System, progress);
        var counts = (await export.WriteAsync(scratch, Existing)).Counts;
        if (counts != ExportCounts.None && merge is null)
        {
            throw new ExportException(
                $"Data directory '{data.Path}' has {DataCommand.Text(counts)} already. Say with --merge keep or --merge replace what happens "
                + "to those that are in both, or choose another directory with --data DIR.");
        }
        return counts != ExportCounts.None;
    }
}
