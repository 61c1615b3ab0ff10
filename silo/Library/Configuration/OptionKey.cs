using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace GrainMQ.Silo.Configuration;

/// <summary>One valid key: a property of an options class. All of them come from the classes themselves, so none can be forgotten.</summary>
public sealed class OptionKey
{
    private OptionKey(string section, PropertyInfo property)
    {
        Section = section;
        Property = property;
        Range = property.GetCustomAttribute<RangeAttribute>();
    }

    public string Section { get; }

    public string Name => Property.Name;

    public string Text => $"{Section}:{Name}";

    public PropertyInfo Property { get; }

    public RangeAttribute? Range { get; }

    /// <summary>Every key of an options class whose properties are its sections, except those of some sections.</summary>
    public static IReadOnlyList<OptionKey> Of(Type options, params string[] except) =>
    [
        .. from section in options.GetProperties()
           where !except.Contains(section.Name)
           from property in section.PropertyType.GetProperties()
           where property.CanWrite
           select new OptionKey(section.Name, property),
    ];

    /// <summary>The keys of a part of which there may be several, each with a name.</summary>
    /// <param name="section">Written before the key, such as <c>Listeners:NAME</c>.</param>
    /// <param name="part">The class of the part.</param>
    /// <param name="name">Its property that is the name in the section.</param>
    public static IReadOnlyList<OptionKey> OfNamed(string section, Type part, string name) =>
        [.. part.GetProperties().Where(property => property.Name != name).Select(property => new OptionKey(section, property))];

    /// <summary>The object of <paramref name="options"/> that holds the property. Only of a key from <see cref="Of"/>.</summary>
    public object Target(object options) =>
        options.GetType().GetProperty(Section)?.GetValue(options) ?? throw new InvalidOperationException($"No section {Section}.");
}
