using System.Globalization;

namespace GrainMQ.Silo.Configuration;

/// <summary>How option values are written.</summary>
public static class OptionValue
{
    private static readonly (string Suffix, TimeSpan Unit)[] Durations =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)),
        ("d", TimeSpan.FromDays(1)),
    ];

    private static readonly (string Suffix, int Unit)[] Sizes =
        [("KiB", 1024), ("MiB", 1024 * 1024), ("GiB", 1024 * 1024 * 1024), ("KB", 1000), ("MB", 1_000_000), ("GB", 1_000_000_000)];

    /// <summary>Sets the property of <paramref name="target"/>.</summary>
    /// <returns>Null, or what is expected instead of <paramref name="text"/>.</returns>
    public static string? Set(OptionKey key, object target, string text)
    {
        var type = key.Property.PropertyType;
        var value = Parse(type, key.Name, text.Trim(), out var isNull);
        if (value is null && !isNull)
        {
            return Expected(key);
        }

        if (value is not null && key.Range is { } range && !range.IsValid(value))
        {
            return Expected(key);
        }

        key.Property.SetValue(target, value);
        return null;
    }

    /// <summary>A value as it is written in the configuration; null is empty.</summary>
    public static string Format(object? value) => value switch
    {
        null => "",
        bool b => b ? "true" : "false",
        TimeSpan time => FormatDuration(time),
        IFormattable other => other.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    /// <summary>The values that a key takes, for people.</summary>
    public static string Expected(OptionKey key)
    {
        var type = Nullable.GetUnderlyingType(key.Property.PropertyType) ?? key.Property.PropertyType;
        var range = key.Range is { } r ? $" from {Bound(type, r.Minimum)} to {Bound(type, r.Maximum)}" : "";
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
            return "text";
        }

        return IsSize(key.Name) ? $"bytes such as 65536, 64KiB or 1MiB{range}" : range.Length > 0 ? $"a number{range}" : $"a number from 0 to {MaxValue(type)}";
    }

    private static object? Parse(Type type, string name, string text, out bool isNull)
    {
        var underlying = Nullable.GetUnderlyingType(type);
        isNull = text.Length == 0 && (underlying is not null || type == typeof(string));
        if (isNull)
        {
            return null;
        }

        type = underlying ?? type;
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
            return ParseDuration(text);
        }

        if (type.IsEnum)
        {
            return ParseEnum(type, text);
        }

        return ParseNumber(IsSize(name) ? ExpandSize(text) : text, type);
    }

    private static object? ParseEnum(Type type, string text)
    {
        var name = text.Replace("_", "").Replace("-", ""); // round_robin and round-robin are RoundRobin
        return Enum.GetNames(type).FirstOrDefault(n => n.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } exact
            ? Enum.Parse(type, exact)
            : null;
    }

    private static object? ParseNumber(string text, Type type)
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

    private static object? ParseDuration(string text)
    {
        foreach (var (suffix, unit) in Durations)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
                && count <= TimeSpan.MaxValue / unit / 2)
            {
                return count * unit;
            }
        }
        // Without a unit or colons it would be days, which nobody means.
        return text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;
    }

    private static string FormatDuration(TimeSpan time)
    {
        var (suffix, unit) = Durations.LastOrDefault(d => time.Ticks % d.Unit.Ticks == 0 && time >= d.Unit, Durations[0]);
        return $"{(time / unit).ToString(CultureInfo.InvariantCulture)}{suffix}";
    }

    private static bool IsSize(string name) => name.EndsWith("Size", StringComparison.Ordinal) || name.Contains("Bytes", StringComparison.Ordinal);

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

    private static string Bound(Type type, object bound) =>
        // The attribute keeps the text of its bounds until it is first asked.
        type == typeof(TimeSpan) && bound is string text ? FormatDuration(TimeSpan.Parse(text, CultureInfo.InvariantCulture)) : Format(bound);

    private static object? MaxValue(Type type) => type.GetField("MaxValue")?.GetValue(null);
}
