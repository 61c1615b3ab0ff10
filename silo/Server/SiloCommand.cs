using System.CommandLine;
using GrainMQ.Silo.Data;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Silo.Server;

/// <summary>Reads the command line of a silo and runs it. Every option is short for a key of the configuration.</summary>
internal sealed class SiloCommand
{
    public const string Name = "grainmq-silo";

    private readonly SettingOptions _settings = new(
        new Dictionary<string, Option<string?>>
        {
            ["Cluster:Id"] = SettingOptions.Named("--cluster-id", "NAME", "Name of the cluster, the same for all of its silos and gateways. Needed."),
            ["Data:Durability"] = SettingOptions.Named("--durability", "MODE", "What survives the process: file or memory. [default: file]"),
            ["Data:Directory"] = SettingOptions.Named("--data", "DIR", "Directory of the silo's files; created when missing. [default: data]"),
            ["Log:Level"] = SettingOptions.Named("--log-level", "LEVEL", "Trace, Debug, Information, Warning, Error, Critical or None. [default: Information]"),
            ["Log:Format"] = SettingOptions.Named("--log-format", "FORMAT", "text or json. [default: text]"),
        },
        "Cluster:SiloPort=11112");

    private readonly Option<bool> _check = new("--check-config")
    {
        Description = "Check the configuration and the data directory, then exit: 0 = usable, 1 = not.",
    };

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly ProcessCommand _command;
    private readonly RootCommand _root;

    private SiloCommand(TextWriter output, TextWriter error)
    {
        (_output, _error, _command) = (output, error, new ProcessCommand(Name, output, error));
        _root = new RootCommand(
            """
            A silo of GrainMQ: sessions, messages and retained messages of a cluster. Its gateways run with --role gateway.

            Options come from defaults, then --config, then environment variables (GRAINMQ__Section__Name), then the command line.
            """);
        foreach (var option in (Option[])[.. _settings.Short, .. _settings.General, _check])
        {
            _root.Options.Add(option);
        }

        _root.SetAction((result, _) => ServeAsync(result));
    }

    /// <returns>The exit code: 0 after an orderly stop, 1 when the silo could not start.</returns>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var command = new SiloCommand(output, error);
        return command._command.InvokeAsync(command._root, args);
    }

    private async Task<int> ServeAsync(ParseResult result)
    {
        var (settings, faults) = _settings.Read(result);
        if (faults.Count > 0)
        {
            return _command.Fail(faults);
        }

        var (options, errors) = SiloConfiguration.Load(_settings.FileOf(result), settings);
        if (errors.Count > 0)
        {
            return _command.Fail(errors);
        }

        return result.GetValue(_check) ? _command.Report(Check(options)) : await SiloProcess.RunAsync(options, _output, _error);
    }

    /// <summary>Checks for <c>--check-config</c> what the options name. Changes nothing, also while a silo runs.</summary>
    private static string[] Check(SiloOptions options) =>
        options.Data.EffectiveDirectory is { } directory && DataDirectory.WhyNotWritable(directory) is { } fault ? [fault] : [];
}
