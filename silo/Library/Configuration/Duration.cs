using System.Globalization;

namespace GrainMQ.Silo.Configuration;

/// <summary>How a duration is written: 500ms, 10s, 2m, 1h, 7d, 1.5h or 14.00:00:00.</summary>
internal static class Duration
{
    private static readonly (string Suffix, TimeSpan Unit)[] Units =
    [
        ("ms", TimeSpan.FromMilliseconds(1)), ("s", TimeSpan.FromSeconds(1)), ("m", TimeSpan.FromMinutes(1)), ("h", TimeSpan.FromHours(1)),
        ("d", TimeSpan.FromDays(1)),
    ];

    public static TimeSpan? Parse(string text)
    {
        foreach (var (suffix, unit) in Units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase)
                && double.TryParse(text[..^suffix.Length], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var count)
                && count <= TimeSpan.MaxValue / unit / 2)
            {
                return count * unit;
            }
        }

        // TimeSpan reads a number without colons as days, which is never meant here.
        return text.Contains(':') && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time) ? time : null;
    }

    /// <summary>Writes it in the largest unit of which it is a whole number.</summary>
    public static string Format(TimeSpan time)
    {
        var (suffix, unit) = Units.LastOrDefault(d => time.Ticks % d.Unit.Ticks == 0 && time >= d.Unit, Units[0]);
        return $"{(time / unit).ToString(CultureInfo.InvariantCulture)}{suffix}";
    }
}
