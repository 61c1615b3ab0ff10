namespace GrainMQ.Gateway.Routing;

internal enum RouteRowKind : uint
{
    /// <summary>The entry is not in use.</summary>
    None,
    Gateway,
    DurableInterest,
    Group,
}

/// <summary>What a filter leads to, in one word, so that a reader never sees half of it.</summary>
/// <param name="kind">Two bits.</param>
/// <param name="index">The slot of the owner, or for a group its place in the list of groups.</param>
internal readonly struct RouteRow(RouteRowKind kind, uint index) : IEquatable<RouteRow>
{
    private const int IndexBits = 30;

    private readonly uint _word = (uint)kind << IndexBits | index;

    public RouteRowKind Kind => (RouteRowKind)(_word >> IndexBits);

    public uint Index => _word & ((1u << IndexBits) - 1);

    public bool Equals(RouteRow other) => _word == other._word;

    public override bool Equals(object? obj) => obj is RouteRow other && Equals(other);

    public override int GetHashCode() => (int)_word;
}
