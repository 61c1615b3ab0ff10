using System.Globalization;
using Orleans;
using Orleans.Runtime;

namespace GrainMQ.Silo.Embedded;

/// <summary>A grain class and a key: a string, or an integer when <paramref name="Text"/> is null.</summary>
internal readonly record struct GrainId(GrainClass Class, string? Text, long Number)
{
    public static GrainId Of(IAddressable addressable) => addressable switch
    {
        Grain grain => grain.Activated.Id,
        GrainReference reference => reference.Id,
        _ => throw new ArgumentException(
            $"{addressable?.GetType().Name ?? "null"} is neither a grain nor a grain reference.", nameof(addressable)),
    };

    public bool Equals(GrainId other) =>
        ReferenceEquals(Class, other.Class) && Number == other.Number && string.Equals(Text, other.Text);

    public override int GetHashCode() => HashCode.Combine(Class.GetHashCode(), Text is null ? Number.GetHashCode() : Text.GetHashCode());

    /// <summary>The same in every process, unlike <see cref="GetHashCode"/>: seeds and placement depend on it.</summary>
    public ulong StableHash() => Fnv.Hash(Class.Name, Fnv.Hash(ToKeyString()));

    public string ToKeyString() => Text ?? Number.ToString("X", CultureInfo.InvariantCulture);

    public long ToKeyLong() => Text is null ? Number : throw new InvalidOperationException($"The key of {this} is a string.");

    public override string ToString() => $"{Class.Name}/{ToKeyString()}";
}
