namespace GrainMQ.Grains.Sessions.Codec;

/// <summary>The kind of a change, its first byte in a journal. Numbers are never used again.</summary>
internal enum ChangeKind : byte
{
    Attached = 1,
    Applied = 2,
    Detached = 3,
    Queued = 4,
    Reported = 5,
    Reattached = 6,
    Preset = 7,
    GatewayLost = 8,
    WillsCompleted = 9,
    WillsLeased = 10,
    Moved = 11,
    AttachedAndWillSetOff = 12,
    Ticked = 13,
}
