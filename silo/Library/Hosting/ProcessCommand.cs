using System.CommandLine;
using System.CommandLine.Invocation;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Silo.Hosting;

/// <summary>Runs a command of GrainMQ and reports each error, of its command line or later, in one line that begins with the command's name.</summary>
internal sealed class ProcessCommand(string name, TextWriter output, TextWriter error)
{
    private const int Failure = 1;

    /// <returns>The exit code of the command, 1 when its line is not understood.</returns>
    public async Task<int> InvokeAsync(RootCommand root, string[] args)
    {
        root.Options.OfType<VersionOption>().Single().Action = new ShowVersion();
        // '@file' is not special; signals are the process's own affair.
        var result = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
        if (result.UnmatchedTokens.Count > 0)
        {
            return Fail(result.UnmatchedTokens.Select(token => Unknown(token, result.CommandResult.Command)));
        }

        if (result.Errors.Count > 0)
        {
            return Fail(result.Errors.Select(fault => fault.Message));
        }

        return await result.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, Output = output, Error = error });
    }

    public int Fail(IEnumerable<string> errors)
    {
        foreach (var line in errors)
        {
            error.WriteLine($"{name}: {line}");
        }

        return Failure;
    }

    /// <summary>Ends <c>--check-config</c>: writes the faults, or that there are none.</summary>
    public int Report(IReadOnlyCollection<string> faults)
    {
        if (faults.Count > 0)
        {
            return Fail(faults);
        }

        output.WriteLine("The configuration is usable.");
        return 0;
    }

    private static string Unknown(string token, Command command) => token.Split('=')[0] is ['-', ..] option
        ? $"'{option}' is not an option. Did you mean {NearestName.Of(option, command.Options.Select(known => known.Name))}? See --help."
        : $"'{token}' is not expected. See --help.";

    private sealed class ShowVersion : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            parseResult.InvocationConfiguration.Output.WriteLine($"GrainMQ {ProductVersion.Product}, {ProductVersion.Runtime}, {ProductVersion.Orleans}");
            return 0;
        }
    }
}
