using System.CommandLine;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Silo.Hosting;

/// <summary>The options of a command line that say something about the configuration.</summary>
/// <param name="named">Options that are short for a key, by the key.</param>
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

    /// <summary>Those that are short for a key.</summary>
    public IEnumerable<Option> Short => named.Values;

    /// <summary>Those that can say anything.</summary>
    public IEnumerable<Option> General => [_config, _set];

    /// <summary>The file that is named; null: none.</summary>
    public string? FileOf(ParseResult result) => result.GetValue(_config);

    /// <summary>What the command line sets, in the order of precedence; faults are lines for the operator.</summary>
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

    public static Option<string?> Named(string name, string value, string description) => new(name)
    {
        HelpName = value,
        Description = description,
    };
}
