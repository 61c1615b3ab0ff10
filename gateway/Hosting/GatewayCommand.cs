using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.Runtime.InteropServices;
using GrainMQ.Gateway.Hosting.Backup;
using GrainMQ.Gateway.Hosting.Configuration;
using GrainMQ.Gateway.Hosting.Listeners;

namespace GrainMQ.Gateway.Hosting;

/// <summary>The command line. The root command is the broker; every option is short for a key of the configuration.</summary>
public sealed class GatewayCommand
{
    private const int Failure = 1;
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
        ["Tls:Certificate"] = Named("--cert", "FILE", "Certificate, PEM with its chain or PFX. Read again when it changes."),
        ["Tls:Key"] = Named("--key", "FILE", "Private key, PEM. Not needed when it is in the --cert file."),
        ["Data:Durability"] = Named("--durability", "MODE", "What survives the process: file or memory. [default: file]"),
        [DataKey] = Named("--data", "DIR", "Directory of the broker's files; created when missing. [default: data]"),
        ["Security:PasswordFile"] = Named("--password-file", "FILE", "Users and their passwords, written by 'passwd FILE USER'. Read again when it changes."),
        ["Security:AllowAnonymous"] = Named("--allow-anonymous", "BOOL",
            "Let clients in without credentials. Must be said when a listener is not on a loopback address and there is no --password-file."),
        ["Log:Level"] = Named("--log-level", "LEVEL", "Trace, Debug, Information, Warning, Error, Critical or None. [default: Information]"),
        ["Log:Format"] = Named("--log-format", "FORMAT", "text or json. [default: text]"),
    };

    private readonly Option<string?> _config = Named("--config", "FILE", "JSON file with any of the options. No file is read unless named.");

    private readonly Option<string[]> _set = new("--set")
    {
        HelpName = "KEY=VALUE",
        Description = "Set any option by its key, for example Connections:ReceiveMaximum=100. Repeatable.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<bool> _check = new("--check-config")
    {
        Description = "Check the configuration, the certificates and the data directory, then exit: 0 = usable, 1 = not.",
    };

    private readonly TextWriter _output;
    private readonly TextWriter _error;
    private readonly RootCommand _root;

    private GatewayCommand(TextWriter output, TextWriter error)
    {
        (_output, _error) = (output, error);
        _root = new RootCommand(
            """
            GrainMQ, an MQTT 3.1, 3.1.1 and 5.0 broker.

            ADDR is an IPv4 address, [IPv6 address], localhost or * (all addresses). Without :PORT a listener takes the customary port
            of its kind; port 0 takes a free one. Listener options are repeatable. A kind of listener that is not mentioned keeps its
            default; 'none' removes it.
            Options come from defaults, then --config, then environment variables (GRAINMQ__Section__Name), then the command line.
            """);
        foreach (var option in (Option[])[.. _addresses.Values, .. _named.Values, _config, _set, _check])
            _root.Options.Add(option);
        _root.Subcommands.Add(PasswordCommand.Create());
        Option[] ofData = [_named[DataKey], _config, _set];
        _root.Subcommands.Add(ExportCommand.Create(Load, ofData));
        _root.Subcommands.Add(ImportCommand.Create(Load, ofData));
        _root.Options.OfType<VersionOption>().Single().Action = new ShowVersion();
        _root.SetAction((result, _) => ServeAsync(result));
    }

    /// <returns>The exit code: 0 after an orderly stop, 1 when the broker could not start.</returns>
    public static Task<int> RunAsync(string[] args) => RunAsync(args, Console.Out, Console.Error);

    internal static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error) => new GatewayCommand(output, error).InvokeAsync(args);

    private async Task<int> InvokeAsync(string[] args)
    {
        // '@file' is not special; signals are the broker's own affair.
        var result = _root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.UnmatchedTokens.Count > 0)
            return Fail(result.UnmatchedTokens.Select(token => Unknown(token, result.CommandResult.Command)));
        if (result.Errors.Count > 0)
            return Fail(result.Errors.Select(error => error.Message));
        return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, Output = _output, Error = _error });
    }

    private async Task<int> ServeAsync(ParseResult result)
    {
        var (options, errors) = Load(result);
        if (errors.Count > 0)
            return Fail(errors);
        return result.GetValue(_check) ? Check(options) : await GatewayProcess.RunAsync(options, _output, _error);
    }

    private (GatewayOptions Options, IReadOnlyList<string> Errors) Load(ParseResult result)
    {
        var (configuration, faults) = Read(result);
        return faults.Count > 0 ? (new GatewayOptions(), faults) : configuration.Load();
    }

    private (GatewayConfiguration Configuration, List<string> Faults) Read(ParseResult result)
    {
        var settings = new List<Setting>();
        var faults = new List<string>();
        foreach (var (key, option) in _named)
        {
            if (result.GetValue(option) is { } value)
                settings.Add(new(key, value, option.Name));
        }
        foreach (var text in result.GetValue(_set) ?? [])
        {
            if (text.Split('=', 2) is [var key, var value])
                settings.Add(new(key.Trim(), value, "--set"));
            else
                faults.Add($"--set: read '{text}', expected KEY=VALUE.");
        }
        var addresses = _addresses
            .Where(pair => result.GetResult(pair.Value) is not null)
            .ToDictionary(pair => pair.Key, pair => (IReadOnlyList<string>)(result.GetValue(pair.Value) ?? []));
        return (new(result.GetValue(_config), Environment.GetEnvironmentVariables(), addresses, settings), faults);
    }

    private int Check(GatewayOptions options)
    {
        var errors = ConfigurationCheck.Run(options).ToList();
        if (errors.Count > 0)
            return Fail(errors);
        _output.WriteLine("The configuration is usable.");
        return 0;
    }

    private int Fail(IEnumerable<string> errors)
    {
        foreach (var error in errors)
            _error.WriteLine($"grainmq: {error}");
        return Failure;
    }

    private static string Unknown(string token, Command command) => token.Split('=')[0] is ['-', ..] name
        ? $"'{name}' is not an option. Did you mean {NearestName.Of(name, command.Options.Select(option => option.Name))}? See --help."
        : $"'{token}' is not expected. See --help.";

    private static Option<string[]> Address(string name, string description, string value = "ADDR[:PORT]") => new(name)
    {
        HelpName = $"{value}|none",
        Description = description,
        Arity = ArgumentArity.OneOrMore,
    };

    private static Option<string?> Named(string name, string value, string description) => new(name)
    {
        HelpName = value,
        Description = description,
    };

    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine(
                $"GrainMQ {Banner.Version}, {RuntimeInformation.FrameworkDescription}, grain engine: {Banner.Engine}");
            return 0;
        }
    }
}
