using System.ComponentModel.DataAnnotations;
using System.Globalization;

namespace GrainMQ.Silo.Configuration;

/// <summary>How option values are written.</summary>
public static class OptionValue
{
    private static readonly (string Suffix, int Unit)[] Sizes =
        [("KiB", 1024), ("MiB", 1024 * 1024), ("GiB", 1024 * 1024 * 1024), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000)];

    /// <summary>Sets the property of <paramref name="target"/>.</summary>
    /// <param name="key">Names the property.</param>
    /// <param name="target">The options object that has it.</param>
    /// <param name="text">The value as it was written; null and, where the key allows it, empty text mean null.</param>
    /// <returns>Null, or what is expected instead of <paramref name="text"/>.</returns>
    public static string? Set(OptionKey key, object target, string? text)
    {
        text = text?.Trim();
        var value = text is null || (text.Length == 0 && key.IsNullable) ? null : Parse(key, text);
        if ((value is null && (!key.IsNullable || text?.Length > 0)) || !key.Allows(value ?? text))
        {
            return Expected(key);
        }

        key.Property.SetValue(target, value);
        return null;
    }

    /// <summary>Writes a value as the configuration has it; null is empty.</summary>
    public static string Format(object? value) => value switch
    {
        null => "",
        bool b => b ? "true" : "false",
        TimeSpan time => Duration.Format(time),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>Says which values a key takes.</summary>
    public static string Expected(OptionKey key)
    {
        var type = key.Type;
        var range = RangeOf(key) is { } allowed ? $" {allowed}" : "";
        if (type == typeof(bool))
        {
            return "true or false";
        }

        if (type.IsEnum)
        {
            return string.Join(", ", Enum.GetNames(type));
        }

        if (type == typeof(TimeSpan))
        {
            return $"a duration such as 500ms, 10s, 2m, 1h or 7d{range}";
        }

        if (type == typeof(string))
        {
            return key.Rule<FilePathAttribute>() is not null ? "a path" : key.Rule<RequiredAttribute>() is not null ? "text that is not empty" : "text";
        }

        return key.IsSize ? $"bytes such as 65536, 64KiB or 1MiB{range}" : $"a number{range}";
    }

    /// <summary>Says the smallest and the largest value of a number or duration; null of what is neither.</summary>
    public static string? RangeOf(OptionKey key)
    {
        var type = key.Type;
        if (key.Range is { } range)
        {
            return $"{(range is ZeroOrRangeAttribute ? "0 or " : "")}from {Bound(key, range.Minimum)} to {Bound(key, range.Maximum)}";
        }

        return type.IsPrimitive && type != typeof(bool) ? $"from 0 to {MaxValue(type)}" : null;
    }

    // Null when the text is no value of the key's type.
    private static object? Parse(OptionKey key, string text)
    {
        var type = key.Type;
        if (type == typeof(string))
        {
            return text;
        }

        if (type == typeof(bool))
        {
            return bool.TryParse(text, out var flag) ? flag : null;
        }

        if (type == typeof(TimeSpan))
        {
            return Duration.Parse(text);
        }

        return type.IsEnum ? ParseName(type, text) : ParseNumber(type, key.IsSize ? ExpandSize(text) : text);
    }

    private static object? ParseName(Type type, string text)
    {
        var name = text.Replace("_", "").Replace("-", ""); // round_robin and round-robin are RoundRobin
        return Enum.GetNames(type).FirstOrDefault(n => n.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } exact
            ? Enum.Parse(type, exact)
            : null;
    }

    private static object? ParseNumber(Type type, string text)
    {
        if (!long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return null;
        }

        try
        {
            return Convert.ChangeType(number, type, CultureInfo.InvariantCulture);
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static string ExpandSize(string text)
    {
        foreach (var (suffix, unit) in Sizes)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && int.TryParse(text[..^suffix.Length], NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            {
                return ((long)count * unit).ToString(CultureInfo.InvariantCulture);
            }
        }
        return text;
    }

    // The attribute keeps the text of its bounds until it first validates a value.
    private static string Bound(OptionKey key, object bound)
    {
        var text = Format(bound);
        return key.Type == typeof(TimeSpan) && bound is string time ? Duration.Format(TimeSpan.Parse(time, CultureInfo.InvariantCulture))
            : key.IsSize ? FormatSize(long.Parse(text, CultureInfo.InvariantCulture))
            : text;
    }

    /// <summary>Writes bytes in the largest unit of which they are a whole number.</summary>
    private static string FormatSize(long bytes)
    {
        var (suffix, unit) = Sizes.Where(size => size.Suffix.EndsWith("iB", StringComparison.Ordinal)).LastOrDefault(size => bytes > 0 && bytes % size.Unit == 0);
        return suffix is null ? Format(bytes) : $"{Format(bytes / unit)}{suffix}";
    }

    private static object? MaxValue(Type type) => type.GetField("MaxValue")?.GetValue(null);
}
