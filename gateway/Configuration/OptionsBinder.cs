using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Listeners.Certificates;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Gateway.Configuration;

/// <summary>Writes settings into the options of a gateway: its sections, and its lists of listeners and certificates.</summary>
public sealed class OptionsBinder(GatewayOptions options)
{
    private const string ListenersSection = nameof(GatewayOptions.Listeners);
    private const string CertificatesSection = $"{nameof(GatewayOptions.Tls)}:{nameof(TlsOptions.Certificates)}";
    private const int MaximumNameLength = 32;

    private readonly SectionBinder _sections = new(options, GatewayKeys.All, [.. GatewayKeys.Listener, .. GatewayKeys.Certificate]);
    private readonly Dictionary<string, Setting> _kindless = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>One line for each fault: what was read and where, what is expected.</summary>
    public IReadOnlyList<string> Errors => _sections.Errors;

    public void Apply(IEnumerable<Setting> settings)
    {
        foreach (var setting in settings)
        {
            Apply(setting);
        }
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
        {
            options.Listeners.Remove(surplus);
        }
    }

    /// <summary>Removes listeners without an address. Call after the last setting.</summary>
    public void Complete()
    {
        foreach (var (name, setting) in _kindless)
        {
            _sections.Add($"{setting.Key} ({setting.Origin}): listener '{name}' needs {ListenersSection}:{name}:Kind, one of tcp, tls, ws, wss, quic, unix.");
        }

        foreach (var listener in options.Listeners.Where(listener => ListenAddress.IsNone(listener.Address)).ToList())
        {
            options.Listeners.Remove(listener);
        }
    }

    private void Apply(Setting setting)
    {
        var parts = setting.Key.Split(':');
        if (parts.Length == 3 && parts[0].Equals(ListenersSection, StringComparison.OrdinalIgnoreCase))
        {
            ApplyListener(setting, parts[1], parts[2]);
            return;
        }
        if (parts.Length == 4 && setting.Key.StartsWith(CertificatesSection + ":", StringComparison.OrdinalIgnoreCase))
        {
            ApplyCertificate(setting, parts[2], parts[3]);
            return;
        }
        _sections.Apply(setting);
    }

    private void ApplyListener(Setting setting, string name, string property)
    {
        if (Find(GatewayKeys.Listener, setting, ListenersSection, name, property, "listener") is { } key
            && _sections.Set(setting, key, Listener(name, setting)) && key.Name == nameof(ListenerOptions.Kind))
        {
            _kindless.Remove(name);
        }
    }

    private void ApplyCertificate(Setting setting, string name, string property)
    {
        if (Find(GatewayKeys.Certificate, setting, CertificatesSection, name, property, "certificate") is { } key)
        {
            _sections.Set(setting, key, Certificate(name));
        }
    }

    /// <summary>Finds the key of a named part; null, with an error, when it does not exist or the name is not allowed.</summary>
    private OptionKey? Find(IReadOnlyList<OptionKey> keys, Setting setting, string section, string name, string property, string what)
    {
        var key = keys.FirstOrDefault(key => key.Name.Equals(property, StringComparison.OrdinalIgnoreCase));
        if (key is null)
        {
            _sections.AddUnknown(setting, keys.Select(known => $"{section}:{name}:{known.Name}"));
        }
        else if (name.Length is 0 or > MaximumNameLength || !name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.'))
        {
            _sections.Add($"{setting.Key} ({setting.Origin}): a {what}'s name has 1 to {MaximumNameLength} letters, digits, '-', '_' or '.'.");
        }
        else
        {
            return key;
        }

        return null;
    }

    private ListenerOptions Listener(string name, Setting setting)
    {
        if (options.Listeners.FirstOrDefault(l => l.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } existing)
        {
            return existing;
        }

        var listener = new ListenerOptions { Name = name };
        if (KindOf(name) is { } kind)
        {
            listener.Kind = kind;
        }
        else
        {
            _kindless[name] = setting;
        }

        options.Listeners.Add(listener);
        return listener;
    }

    private CertificateOptions Certificate(string name)
    {
        var certificates = options.Tls.Certificates;
        if (certificates.FirstOrDefault(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } existing)
        {
            return existing;
        }

        var certificate = new CertificateOptions { Name = name };
        certificates.Add(certificate);
        return certificate;
    }

    // The longer word first: wss is not a ws named "s".
    private static ListenerKind? KindOf(string name)
    {
        foreach (var kind in (ListenerKind[])[ListenerKind.Tcp, ListenerKind.Tls, ListenerKind.Wss, ListenerKind.Ws, ListenerKind.Quic, ListenerKind.Unix])
        {
            if (name.StartsWith(kind.ToString(), StringComparison.OrdinalIgnoreCase))
            {
                return kind;
            }
        }
        return null;
    }

    private string FreeName(ListenerKind kind)
    {
        var name = kind.ToString().ToLowerInvariant();
        return Enumerable.Range(1, int.MaxValue).Select(i => i == 1 ? name : $"{name}{i}")
            .First(free => !options.Listeners.Any(l => l.Name.Equals(free, StringComparison.OrdinalIgnoreCase)));
    }
}
