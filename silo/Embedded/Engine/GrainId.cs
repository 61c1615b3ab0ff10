using System.Globalization;
using Orleans;
using Orleans.Runtime;

namespace GrainMQ.Silo.Embedded;

/// <summary>A grain class and a key: a string, or an integer when <paramref name="Text"/> is null.</summary>
internal readonly record struct GrainId(Type Class, string? Text, long Number)
{
    public static GrainId Of(IAddressable addressable) => addressable switch
    {
        Grain grain => grain.Activated.Id,
        _ => throw new ArgumentException($"{addressable?.GetType().Name ?? "null"} is neither a grain nor a grain reference.", nameof(addressable)),
    };

    public string ToKeyString() => Text ?? Number.ToString("X", CultureInfo.InvariantCulture);

    public long ToKeyLong() => Text is null ? Number : throw new InvalidOperationException($"The key of {this} is a string.");

    public override string ToString() => $"{Class.Name}/{ToKeyString()}";
}
