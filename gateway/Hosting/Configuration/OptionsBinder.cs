using GrainMQ.Gateway.Hosting.Listeners;

namespace GrainMQ.Gateway.Hosting.Configuration;

/// <summary>
/// Writes settings into the options, later ones over earlier ones. A key that does not exist is an error, not something to skip:
/// a misspelt security setting that is silently ignored leaves the broker open.
/// </summary>
public sealed class OptionsBinder(GatewayOptions options)
{
    private const string ListenersSection = nameof(GatewayOptions.Listeners);
    private const int MaximumNameLength = 32;

    private readonly List<string> _errors = [];
    private readonly Dictionary<string, Setting> _kindless = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>One line each: what was read and where, what is expected.</summary>
    public IReadOnlyList<string> Errors => _errors;

    public void Apply(IEnumerable<Setting> settings)
    {
        foreach (var setting in settings)
            Apply(setting);
    }

    /// <summary>
    /// Gives the listeners of a kind these addresses, in order: the first address goes to the first listener of that kind, listeners
    /// without an address are removed, addresses without a listener get a new one (<c>tcp2</c>, <c>tcp3</c> …).
    /// </summary>
    public void SetAddresses(ListenerKind kind, IReadOnlyList<string> addresses)
    {
        var existing = options.Listeners.Where(listener => listener.Kind == kind).ToList();
        foreach (var (i, address) in addresses.Index())
        {
            if (i == existing.Count)
            {
                existing.Add(new ListenerOptions { Name = FreeName(kind), Kind = kind });
                options.Listeners.Add(existing[i]);
            }
            existing[i].Address = address;
        }
        foreach (var surplus in existing.Skip(addresses.Count))
            options.Listeners.Remove(surplus);
    }

    /// <summary>After the last setting: drops listeners without an address.</summary>
    public void Complete()
    {
        foreach (var (name, setting) in _kindless)
            _errors.Add($"{setting.Key} ({setting.Origin}): listener '{name}' needs {ListenersSection}:{name}:Kind, one of tcp, tls, ws, wss.");
        foreach (var listener in options.Listeners.Where(listener => ListenAddress.IsNone(listener.Address)).ToList())
            options.Listeners.Remove(listener);
    }

    private void Apply(Setting setting)
    {
        var parts = setting.Key.Split(':');
        if (parts[0].Equals(ListenersSection, StringComparison.OrdinalIgnoreCase) && parts.Length == 3)
        {
            ApplyListener(setting, parts[1], parts[2]);
            return;
        }
        var key = OptionKey.All.FirstOrDefault(key => key.Text.Equals(setting.Key, StringComparison.OrdinalIgnoreCase));
        if (key is null)
            _errors.Add(Unknown(setting, Candidates(setting.Key)));
        else
            Set(setting, key, key.Target(options));
    }

    private void ApplyListener(Setting setting, string name, string property)
    {
        var key = OptionKey.Listener.FirstOrDefault(key => key.Name.Equals(property, StringComparison.OrdinalIgnoreCase));
        if (key is null)
            _errors.Add(Unknown(setting, OptionKey.Listener.Select(known => $"{ListenersSection}:{name}:{known.Name}")));
        else if (name.Length is 0 or > MaximumNameLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
            _errors.Add($"{setting.Key} ({setting.Origin}): a listener's name has 1 to {MaximumNameLength} letters, digits, '-', '_' or '.'.");
        else if (Set(setting, key, Listener(name, setting)) && key.Name == nameof(ListenerOptions.Kind))
            _kindless.Remove(name);
    }

    private bool Set(Setting setting, OptionKey key, object target)
    {
        if (OptionValue.Set(key, target, setting.Value) is not { } expected)
            return true;
        _errors.Add($"{setting.Key} ({setting.Origin}): read '{setting.Value}', expected {expected}.");
        return false;
    }

    private ListenerOptions Listener(string name, Setting setting)
    {
        if (options.Listeners.FirstOrDefault(l => l.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } existing)
            return existing;
        var listener = new ListenerOptions { Name = name };
        if (KindOf(name) is { } kind)
            listener.Kind = kind;
        else
            _kindless[name] = setting;
        options.Listeners.Add(listener);
        return listener;
    }

    // The longer word first: wss is not a ws named "s".
    private static ListenerKind? KindOf(string name)
    {
        foreach (var kind in (ListenerKind[])[ListenerKind.Tcp, ListenerKind.Tls, ListenerKind.Wss, ListenerKind.Ws])
        {
            if (name.StartsWith(kind.ToString(), StringComparison.OrdinalIgnoreCase))
                return kind;
        }
        return null;
    }

    private string FreeName(ListenerKind kind)
    {
        var name = kind.ToString().ToLowerInvariant();
        return Enumerable.Range(1, int.MaxValue).Select(i => i == 1 ? name : $"{name}{i}")
            .First(free => !options.Listeners.Any(l => l.Name.Equals(free, StringComparison.OrdinalIgnoreCase)));
    }

    // The name of a section alone was meant for one of its keys.
    private static IEnumerable<string> Candidates(string key)
    {
        var known = OptionKey.All.Concat(OptionKey.Listener).Select(option => option.Text).ToList();
        var within = known.Where(text => text.StartsWith(key + ":", StringComparison.OrdinalIgnoreCase)).ToList();
        return within.Count > 0 ? within : known;
    }

    private static string Unknown(Setting setting, IEnumerable<string> known) =>
        $"{setting.Key} ({setting.Origin}) is not an option. Did you mean {NearestName.Of(setting.Key, known)}?";
}
