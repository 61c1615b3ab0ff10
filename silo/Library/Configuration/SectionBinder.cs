namespace GrainMQ.Silo.Configuration;

/// <summary>
/// Writes settings into the sections of an options object, later ones over earlier ones. A key that does not exist is an error and is not skipped:
/// a misspelt security setting that is silently ignored leaves the broker open. Why not the binder of Microsoft.Extensions.Configuration:
/// docs/decisions/0010.
/// </summary>
/// <param name="options">An object whose properties are the sections.</param>
/// <param name="keys">Keys of the sections.</param>
/// <param name="others">Keys that are written elsewhere; a misspelt one may have been meant.</param>
public sealed class SectionBinder(object options, IReadOnlyList<OptionKey> keys, IReadOnlyList<OptionKey> others)
{
    private readonly List<string> _errors = [];

    /// <summary>One line for each fault: what was read and where, what is expected.</summary>
    public IReadOnlyList<string> Errors => _errors;

    public void Apply(Setting setting)
    {
        if (keys.FirstOrDefault(key => key.Text.Equals(setting.Key, StringComparison.OrdinalIgnoreCase)) is { } key)
        {
            Set(setting, key, key.Target(options));
        }
        else if (!IsEmptySection(setting))
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

    // In JSON: "Log": {}, "Log": null or "Certificates": [].
    private bool IsEmptySection(Setting setting) => setting.Value is null || (setting.Value.Length == 0 && Within(setting.Key).Any());

    // The name of a section alone was meant for one of its keys.
    private IEnumerable<string> Candidates(string key) => Within(key).Any() ? Within(key) : Known;

    private IEnumerable<string> Within(string key) => Known.Where(text => text.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase));

    private IEnumerable<string> Known => keys.Concat(others).Select(option => option.Text);
}
