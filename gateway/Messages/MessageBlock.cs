namespace GrainMQ.Gateway.Messages;

/// <summary>
/// Where messages get their bytes: one block per thread, filled from the front, then left to the garbage collector. A message is
/// made without an await in between, so a thread's block has one writer.
/// </summary>
internal static class MessageBlock
{
    /// <summary>Below the large object threshold (85,000 bytes), so that short-lived blocks die in generation 0.</summary>
    private const int BlockSize = 64 * 1024;

    /// <summary>A larger message gets an array of its own: it would waste the rest of the block, and pin it for long.</summary>
    private const int LargestShared = 16 * 1024;

    private const int Alignment = 8;

    [ThreadStatic] private static byte[]? _block;
    [ThreadStatic] private static int _used;

    public static (byte[] Block, int Offset) Reserve(int length)
    {
        if (length > LargestShared)
        {
            return (GC.AllocateUninitializedArray<byte>(length), 0);
        }

        var block = _block;
        var offset = _used;
        if (block is null || offset + length > BlockSize)
        {
            _block = block = GC.AllocateUninitializedArray<byte>(BlockSize);
            offset = 0;
        }

        _used = (offset + length + Alignment - 1) & ~(Alignment - 1);
        return (block, offset);
    }
}
