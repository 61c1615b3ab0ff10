using System.ComponentModel.DataAnnotations;

namespace GrainMQ.Silo.Configuration;

/// <summary>A number that is within a range, or 0 where that stands for no value.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ZeroOrRangeAttribute(long minimum, long maximum) : RangeAttribute(typeof(long), $"{minimum}", $"{maximum}")
{
    public override bool IsValid(object? value) => value is 0L || base.IsValid(value);
}
