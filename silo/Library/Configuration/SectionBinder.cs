namespace GrainMQ.Silo.Configuration;

/// <summary>
/// Writes settings into the sections of an options object, later ones over earlier ones. A key that does not exist is an error, not something
/// to skip: a misspelt security setting that is silently ignored leaves the broker open.
/// </summary>
/// <param name="options">An object whose properties are the sections.</param>
/// <param name="keys">Of the sections.</param>
/// <param name="others">Keys that are written elsewhere; a misspelt one may have been meant.</param>
public sealed class SectionBinder(object options, IReadOnlyList<OptionKey> keys, IReadOnlyList<OptionKey> others)
{
    private readonly List<string> _errors = [];

    /// <summary>One line each: what was read and where, what is expected.</summary>
    public IReadOnlyList<string> Errors => _errors;

    public void Apply(Setting setting)
    {
        if (keys.FirstOrDefault(key => key.Text.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)) is { } key)
        {
            Set(setting, key, key.Target(options));
        }
        else
        {
            AddUnknown(setting, Candidates(setting.Key));
        }
    }

    /// <returns>False, with an error, when the value is not one that the key takes.</returns>
    public bool Set(Setting setting, OptionKey key, object target)
    {
        if (OptionValue.Set(key, target, setting.Value) is not { } expected)
        {
            return true;
        }

        Add($"{setting.Key} ({setting.Origin}): read '{setting.Value}', expected {expected}.");
        return false;
    }

    public void Add(string error) => _errors.Add(error);

    public void AddUnknown(Setting setting, IEnumerable<string> known) =>
        Add($"{setting.Key} ({setting.Origin}) is not an option. Did you mean {NearestName.Of(setting.Key, known)}?");

    // The name of a section alone was meant for one of its keys.
    private IEnumerable<string> Candidates(string key)
    {
        var known = keys.Concat(others).Select(option => option.Text).ToList();
        var within = known.Where(text => text.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase)).ToList();
        return within.Count > 0 ? within : known;
    }
}
