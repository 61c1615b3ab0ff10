using System.ComponentModel.DataAnnotations;
using System.Reflection;

namespace GrainMQ.Grains.LogStore;

/// <summary>Holds the options that a program has set against their ranges. Those of a configuration are checked where they are read.</summary>
public static class OptionRange
{
    /// <returns>A line for each property whose value is outside of its <see cref="RangeAttribute"/>; none when all is well.</returns>
    public static IEnumerable<string> Errors(object options) =>
        from property in options.GetType().GetProperties()
        let range = property.GetCustomAttribute<RangeAttribute>()
        let value = property.GetValue(options)
        where range is not null && !range.IsValid(value)
        select $"{property.Name} is {value}; allowed is {range.Minimum} to {range.Maximum}.";
}
