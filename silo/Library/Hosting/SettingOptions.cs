using System.CommandLine;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Silo.Hosting;

/// <summary>Holds the options of a command line that set keys of the configuration.</summary>
/// <param name="named">Options that are short for one key, by the key.</param>
/// <param name="example">For <c>--set</c>, a key and its value.</param>
internal sealed class SettingOptions(IReadOnlyDictionary<string, Option<string?>> named, string example)
{
    private readonly Option<string[]> _set = new("--set")
    {
        HelpName = "KEY=VALUE",
        Description = $"Set any option by its key, for example {example}. Repeatable.",
        Arity = ArgumentArity.OneOrMore,
    };

    private readonly Option<string?> _config = Named("--config", "FILE", "JSON file with any of the options. No file is read unless named.");

    /// <summary>The options that are short for one key.</summary>
    public IEnumerable<Option> Short => named.Values;

    /// <summary>The options that can set any key: <c>--config</c> and <c>--set</c>.</summary>
    public IEnumerable<Option> General => [_config, _set];

    /// <summary>Returns the file of <c>--config</c>; null when none is named.</summary>
    public string? FileOf(ParseResult result) => result.GetValue(_config);

    /// <summary>Reads what the command line sets, in the order of precedence; faults are lines for the operator.</summary>
    public (List<Setting> Settings, List<string> Faults) Read(ParseResult result)
    {
        var settings = new List<Setting>();
        var faults = new List<string>();
        foreach (var (key, option) in named)
        {
            if (result.GetValue(option) is { } value)
            {
                settings.Add(new(key, value, option.Name));
            }
        }
        foreach (var text in result.GetValue(_set) ?? [])
        {
            if (text.Split('=', 2) is [var key, var value])
            {
                settings.Add(new(key.Trim(), value, "--set"));
            }
            else
            {
                faults.Add($"--set: read '{text}', expected KEY=VALUE.");
            }
        }
        return (settings, faults);
    }

    public static Option<string?> Named(string name, string value, string description)
    {
        var option = new Option<string?>(name) { HelpName = value, Description = description };
        // "--data= --check-config", from a variable that is not set, must not make a directory of the next option
        option.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && token.Value.StartsWith("--", StringComparison.Ordinal))
            {
                result.AddError($"{name}: read '{token.Value}', expected {value}.");
            }
        });
        return option;
    }
}
