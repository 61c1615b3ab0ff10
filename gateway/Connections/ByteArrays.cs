using System.Buffers;
using System.Numerics;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Arrays for bytes that come from clients or go to them. Small ones are those of the shared pool. Of each larger size a pool of our own keeps two and
/// leaves the others to the garbage collector: the shared pool would keep dozens of each for a minute and more, so that a burst that is over
/// went on taking the memory of the process.
/// </summary>
internal static class ByteArrays
{
    /// <summary>Bytes; up to here the shared pool is used.</summary>
    private const int LargestShared = 64 * 1024;

    /// <summary>Bytes; above it nothing is kept.</summary>
    private const int LargestKept = 2 * 1024 * 1024;

    private static readonly ArrayPool<byte> Large = ArrayPool<byte>.Create(LargestKept, maxArraysPerBucket: 2);

    /// <summary>The length of the array that <see cref="Rent"/> gives: the next power of two.</summary>
    public static int LengthFor(int bytes) => (int)BitOperations.RoundUpToPowerOf2((uint)bytes);

    /// <param name="bytes">At least so many; from 16 to 512 Mi.</param>
    public static byte[] Rent(int bytes)
    {
        var length = LengthFor(bytes);
        return length > LargestKept ? GC.AllocateUninitializedArray<byte>(length) : PoolOf(length).Rent(length);
    }

    public static void Return(byte[] array)
    {
        if (array.Length <= LargestKept)
        {
            PoolOf(array.Length).Return(array);
        }
    }

    private static ArrayPool<byte> PoolOf(int length) => length > LargestShared ? Large : ArrayPool<byte>.Shared;
}
