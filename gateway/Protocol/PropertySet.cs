namespace GrainMQ.Gateway.Protocol;

/// <summary>A set of properties in one word: every Property Identifier is below 64.</summary>
internal readonly record struct PropertySet(ulong Bits)
{
    public static PropertySet Of(params ReadOnlySpan<PropertyId> ids)
    {
        var set = default(PropertySet);
        foreach (var id in ids)
        {
            set = set.With(id);
        }

        return set;
    }

    public bool Contains(PropertyId id) => (byte)id < 64 && (Bits >> (byte)id & 1) != 0;

    public PropertySet With(PropertyId id) => new(Bits | 1UL << (byte)id);
}
