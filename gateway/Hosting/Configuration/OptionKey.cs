using System.ComponentModel.DataAnnotations;
using System.Reflection;
using GrainMQ.Gateway.Hosting.Listeners;
using GrainMQ.Gateway.Hosting.Listeners.Certificates;

namespace GrainMQ.Gateway.Hosting.Configuration;

/// <summary>One valid key: a property of an options class. All of them come from the classes themselves, so none can be forgotten.</summary>
public sealed class OptionKey
{
    private OptionKey(string section, PropertyInfo property)
    {
        Section = section;
        Property = property;
        Range = property.GetCustomAttribute<RangeAttribute>();
    }

    /// <summary>Every key that stands by itself, not in a list.</summary>
    public static IReadOnlyList<OptionKey> All { get; } =
    [
        .. from section in typeof(GatewayOptions).GetProperties()
           where section.Name != nameof(GatewayOptions.Listeners)
           from property in section.PropertyType.GetProperties()
           where property.CanWrite
           select new OptionKey(section.Name, property),
    ];

    /// <summary>The properties of a listener; their section is <c>Listeners:NAME</c>.</summary>
    public static IReadOnlyList<OptionKey> Listener { get; } =
    [
        .. from property in typeof(ListenerOptions).GetProperties()
           where property.Name != nameof(ListenerOptions.Name)
           select new OptionKey(nameof(GatewayOptions.Listeners) + ":NAME", property),
    ];

    /// <summary>The properties of a further certificate; their section is <c>Tls:Certificates:NAME</c>.</summary>
    public static IReadOnlyList<OptionKey> Certificate { get; } =
    [
        .. from property in typeof(CertificateOptions).GetProperties()
           where property.Name != nameof(CertificateOptions.Name)
           select new OptionKey($"{nameof(GatewayOptions.Tls)}:{nameof(TlsOptions.Certificates)}:NAME", property),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<OptionKey> Everywhere => [.. All, .. Listener, .. Certificate];

    public string Section { get; }

    public string Name => Property.Name;

    public string Text => $"{Section}:{Name}";

    public PropertyInfo Property { get; }

    public RangeAttribute? Range { get; }

    /// <summary>The object of <paramref name="options"/> that holds the property. Only of a key in <see cref="All"/>.</summary>
    public object Target(GatewayOptions options) =>
        typeof(GatewayOptions).GetProperty(Section)?.GetValue(options) ?? throw new InvalidOperationException($"No section {Section}.");
}
