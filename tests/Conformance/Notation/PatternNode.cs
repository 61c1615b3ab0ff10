namespace GrainMQ.Tests.Conformance.Notation;

/// <summary>One piece of a packet in byte notation; see <see cref="BytePattern"/>.</summary>
public abstract record PatternNode
{
    /// <summary><c>82</c>, <c>'text'</c>: these bytes.</summary>
    public sealed record Literal(byte[] Bytes) : PatternNode;

    /// <summary><c>81|82</c>: one of these bytes; only to match.</summary>
    public sealed record OneOf(byte[] Choices) : PatternNode;

    /// <summary><c>??</c>: any byte; only to match.</summary>
    public sealed record AnyByte : PatternNode;

    /// <summary><c>*</c>: whatever is left of the group; only to match.</summary>
    public sealed record Rest : PatternNode;

    /// <summary><c>ok</c>: nothing, or a reason code below 0x80 and properties; only to match.</summary>
    public sealed record Success : PatternNode;

    /// <summary><c>$name</c>: two bytes, taken where the name is first matched, the same ones from then on.</summary>
    public sealed record Variable(string Name) : PatternNode;

    /// <summary><c>$name*</c>: like <see cref="Variable"/>, for whatever is left of the group.</summary>
    public sealed record RestVariable(string Name) : PatternNode;

    /// <summary><c>( … )</c>: the length of the content as a variable byte integer, then the content.</summary>
    public sealed record VariableLength(PatternNode[] Content) : PatternNode;

    /// <summary><c>&lt; … &gt;</c>: the length of the content in two bytes, then the content.</summary>
    public sealed record TwoByteLength(PatternNode[] Content) : PatternNode;
}
