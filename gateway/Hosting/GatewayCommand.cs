using System.CommandLine;
using GrainMQ.Gateway.Backup;
using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Security;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Hosting;

/// <summary>Reads the command line and runs it. The root command is the broker; every option is short for a key of the configuration.</summary>
public sealed class GatewayCommand
{
    private const string DataKey = "Data:Directory";

    private readonly Dictionary<ListenerKind, Option<string[]>> _addresses = new()
    {
        [ListenerKind.Tcp] = Address("--tcp", "Listen for MQTT over TCP. [default: 127.0.0.1:1883]"),
        [ListenerKind.Tls] = Address("--tls", "Listen for MQTT over TLS 1.2 and 1.3, port 8883 unless said; needs --cert. [default: none]"),
        [ListenerKind.Ws] = Address("--ws", "Listen for MQTT over WebSocket at /mqtt. [default: 127.0.0.1:8083]"),
        [ListenerKind.Wss] = Address("--wss", "Listen for MQTT over secure WebSocket at /mqtt, port 8084 unless said; needs --cert. [default: none]"),
        [ListenerKind.Quic] = Address("--quic", "Listen for MQTT over QUIC (UDP), port 14567 unless said; needs --cert and libmsquic. [default: none]"),
        [ListenerKind.Unix] = Address("--unix", "Listen for MQTT on a Unix domain socket. [default: none]", "PATH"),
    };

    private readonly Dictionary<string, Option<string?>> _named = new()
    {
        ["Cluster:Role"] = SettingOptions.Named("--role", "ROLE", "all: the whole broker in this process; gateway: sessions and messages live in the silos of a cluster. [default: all]"),
        ["Cluster:Id"] = SettingOptions.Named("--cluster-id", "NAME", "Name of the cluster, as its silos have it. Needed with --role gateway."),
        ["Tls:Certificate"] = SettingOptions.Named("--cert", "FILE", "Certificate, PEM with its chain or PFX. Read again when it changes."),
        ["Tls:Key"] = SettingOptions.Named("--key", "FILE", "Private key, PEM. Not needed when it is in the --cert file."),
        ["Data:Durability"] = SettingOptions.Named("--durability", "MODE", "What survives the process: file or memory. [default: file]"),
        [DataKey] = SettingOptions.Named("--data", "DIR", "Directory of the broker's files; created when missing. [default: data]"),
        ["Security:PasswordFile"] = SettingOptions.Named("--password-file", "FILE", "Users and their passwords, written by 'passwd FILE USER'. Read again when it changes."),
        ["Security:AllowAnonymous"] = SettingOptions.Named("--allow-anonymous", "BOOL",
            "Let clients in without credentials. Must be said when a listener is not on a loopback address and there is no --password-file."),
        ["Log:Level"] = SettingOptions.Named("--log-level", "LEVEL", "Trace, Debug, Information, Warning, Error, Critical or None. [default: Information]"),
        ["Log:Format"] = SettingOptions.Named("--log-format", "FORMAT", "text or json. [default: text]"),
    };

    private readonly Option<bool> _check = new("--check-config")
    {
        Description = "Check the configuration, the certificates and the data directory, then exit: 0 = usable, 1 = not.",
    };

    private readonly SettingOptions _settings;
    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly ProcessCommand _command;
    private readonly RootCommand _root;

    private GatewayCommand(TextWriter output, TextWriter error)
    {
        (_output, _error, _command) = (output, error, new ProcessCommand("grainmq", output, error));
        _settings = new SettingOptions(_named, "Connections:ReceiveMaximum=100");
        _root = new RootCommand(
            """
            GrainMQ, an MQTT 3.1, 3.1.1 and 5.0 broker.

            ADDR is an IPv4 address, [IPv6 address], localhost or * (all addresses). Without :PORT a listener takes the customary port
            of its kind; port 0 takes a free one. Listener options are repeatable. A kind of listener that is not mentioned keeps its
            default; 'none' removes it.
            Options come from defaults, then --config, then environment variables (GRAINMQ__Section__Name), then the command line.
            """);
        foreach (var option in (Option[])[.. _addresses.Values, .. _settings.Short, .. _settings.General, _check])
        {
            _root.Options.Add(option);
        }

        _root.Subcommands.Add(PasswordCommand.Create());
        Option[] ofData = [_named[DataKey], .. _settings.General];
        _root.Subcommands.Add(ExportCommand.Create(Load, ofData));
        _root.Subcommands.Add(ImportCommand.Create(Load, ofData));
        _root.SetAction((result, _) => ServeAsync(result));
    }

    /// <returns>The exit code: 0 after an orderly stop, 1 when the broker could not start.</returns>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out, Console.Error);

    internal static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error)
    {
        var command = new GatewayCommand(output, error);
        return command._command.InvokeAsync(command._root, args);
    }

    private async Task<int> ServeAsync(ParseResult result)
    {
        var (options, errors) = Load(result);
        if (errors.Count > 0)
        {
            return _command.Fail(errors);
        }

        return result.GetValue(_check) ? _command.Report([.. ConfigurationCheck.Run(options)]) : await GatewayProcess.RunAsync(options, _output, _error);
    }

    private (GatewayOptions Options, IReadOnlyList<string> Errors) Load(ParseResult result)
    {
        var (configuration, faults) = Read(result);
        return faults.Count > 0 ? (new GatewayOptions(), faults) : configuration.Load();
    }

    private (GatewayConfiguration Configuration, List<string> Faults) Read(ParseResult result)
    {
        var (settings, faults) = _settings.Read(result);
        var addresses = _addresses
            .Where(pair => result.GetResult(pair.Value) is not null)
            .ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)(result.GetValue(pair.Value) ?? []));
        return (new(_settings.FileOf(result), addresses, settings), faults);
    }

    private static Option<string[]> Address(string name, string description, string value = "ADDR[:PORT]") => new(name)
    {
        HelpName = $"{value}|none",
        Description = description,
        Arity = ArgumentArity.OneOrMore,
    };
}
