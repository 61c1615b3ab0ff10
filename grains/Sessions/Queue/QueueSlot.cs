namespace GrainMQ.Grains.Sessions.Queue;

/// <summary>
/// A place in a <see cref="QueueChunk"/>, 24 bytes: the number as its distance from the chunk's first; length, QoS and RETAIN in one word; and
/// one reference, for what a plain message does not have.
/// </summary>
internal readonly struct QueueSlot
{
    private const int QosShift = 29;
    private const int RetainShift = 31;

    private readonly object? _extra; // the message's object, its Subscription Identifiers, its share, or several of them
    private readonly long _offset;
    private readonly uint _distance;
    private readonly uint _word;

    public QueueSlot(in QueueItem item, long firstNumber)
    {
        var message = item.Message.Object;
        var identifiers = item.SubscriptionIdentifiers;
        _extra = Extra(message, identifiers, item.Share);
        _offset = message is null ? item.Message.Offset : 0;
        _distance = (uint)(item.Number - firstNumber);
        _word = (message is null ? (uint)item.Message.Length : 0) | ((uint)item.Qos << QosShift) | (item.Retain ? 1u << RetainShift : 0);
    }

    private byte Qos => (byte)((_word >> QosShift) & 3);

    private bool Retain => _word >> RetainShift != 0;

    private MessageRef Message => _extra switch
    {
        StoredMessage message => message,
        Several { Message: { } message } => message,
        _ => new MessageRef(_offset, (int)(_word & MessageRef.LongestPlain)),
    };

    private uint[] Identifiers => _extra switch
    {
        uint[] identifiers => identifiers,
        Several several => several.Identifiers,
        _ => [],
    };

    private string? Share => _extra as string ?? (_extra as Several)?.Share;

    public long NumberFrom(long firstNumber) => firstNumber + _distance;

    public QueueItem ItemFrom(long firstNumber) => new(NumberFrom(firstNumber), Message, Qos, Retain, Identifiers, Share: Share);

    public QueueSlot With(MessageRef message) => new(ItemFrom(0) with { Message = message }, 0);

    /// <summary>Returns the slot without the message's object, if the place is enough.</summary>
    public QueueSlot Settled() => _extra is StoredMessage or Several && Message.Plain() is { Object: null } plain ? With(plain) : this;

    private static object? Extra(StoredMessage? message, uint[] identifiers, string? share) => (message, identifiers.Length, share) switch
    {
        (_, 0, null) => message,
        (null, _, null) => identifiers,
        (null, 0, _) => share,
        _ => new Several(message, identifiers, share),
    };

    private sealed record Several(StoredMessage? Message, uint[] Identifiers, string? Share);
}
