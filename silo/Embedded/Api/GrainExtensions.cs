using GrainMQ.Silo.Embedded;
using Orleans.Runtime;

namespace Orleans;

/// <summary>The key of a grain or of a grain reference.</summary>
public static class GrainExtensions
{
    /// <summary>The key; an integer key is written in upper-case hexadecimal, as in a cluster.</summary>
    /// <exception cref="ArgumentException">Neither a grain nor a reference to one.</exception>
    public static string GetPrimaryKeyString(this IAddressable grain) => GrainId.Of(grain).ToKeyString();

    /// <summary>The integer key.</summary>
    /// <exception cref="InvalidOperationException">The key is a string.</exception>
    public static long GetPrimaryKeyLong(this IAddressable grain) => GrainId.Of(grain).ToKeyLong();
}
