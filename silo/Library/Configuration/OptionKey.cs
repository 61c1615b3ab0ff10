using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace GrainMQ.Silo.Configuration;

/// <summary>One valid key: a property of an options class. The catalogue of keys is read from the classes, so none can be forgotten.</summary>
public sealed class OptionKey
{
    private readonly ValidationAttribute[] _rules;

    private OptionKey(string section, PropertyInfo property)
    {
        Section = section;
        Property = property;
        _rules = [.. property.GetCustomAttributes<ValidationAttribute>()];
        Type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        IsNullable = Type != property.PropertyType || Type == typeof(string);
    }

    public string Section { get; }

    public string Name => Property.Name;

    public string Text => $"{Section}:{Name}";

    public PropertyInfo Property { get; }

    /// <summary>Type of the value, without <see cref="Nullable{T}"/>.</summary>
    public Type Type { get; }

    /// <summary>Whether null is a value.</summary>
    public bool IsNullable { get; }

    /// <summary>Whether the value counts bytes, so that it may be written as 64KiB.</summary>
    public bool IsSize => Name.EndsWith("Size", StringComparison.Ordinal) || Name.Contains("Bytes", StringComparison.Ordinal);

    /// <summary>Smallest and largest value; null when the type alone decides.</summary>
    public RangeAttribute? Range => Rule<RangeAttribute>();

    /// <summary>Lists every key of an options class whose properties are its sections, except those of some sections.</summary>
    public static IReadOnlyList<OptionKey> Of(Type options, params string[] except) =>
    [
        .. from section in options.GetProperties()
           where !except.Contains(section.Name)
           from property in section.PropertyType.GetProperties()
           where property.CanWrite
           select new OptionKey(section.Name, property),
    ];

    /// <summary>Lists the keys of a part of which there may be several, each with a name.</summary>
    /// <param name="section">Written before the key, such as <c>Listeners:NAME</c>.</param>
    /// <param name="part">The class of the part.</param>
    /// <param name="name">Its property that is the name in the section.</param>
    public static IReadOnlyList<OptionKey> OfNamed(string section, Type part, string name) =>
        [.. part.GetProperties().Where(property => property.Name != name).Select(property => new OptionKey(section, property))];

    /// <summary>Gets the object of <paramref name="options"/> that holds the property. Only for a key from <see cref="Of"/>.</summary>
    public object Target(object options) =>
        options.GetType().GetProperty(Section)?.GetValue(options) ?? throw new InvalidOperationException($"No section {Section}.");

    /// <summary>The attribute of this class on the property; null when there is none.</summary>
    public T? Rule<T>() where T : ValidationAttribute => _rules.OfType<T>().FirstOrDefault();

    /// <summary>Whether the attributes of the property allow the value.</summary>
    public bool Allows(object? value) => Array.TrueForAll(_rules, rule => rule.IsValid(value));
}
