using System.Buffers;
using System.Text;

namespace GrainMQ.Gateway.Routing;

/// <summary>A filter as UTF-8 in the caller's stack memory, or in a rented array when it is long.</summary>
internal ref struct Utf8Filter
{
    public const int StackBytes = 256;

    private readonly byte[]? _rented;

    public Utf8Filter(string filter, Span<byte> buffer)
    {
        if (Encoding.UTF8.GetMaxByteCount(filter.Length) > buffer.Length)
        {
            buffer = _rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(filter.Length));
        }

        Bytes = buffer[..Encoding.UTF8.GetBytes(filter, buffer)];
    }

    public ReadOnlySpan<byte> Bytes { get; }

    public readonly void Dispose()
    {
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
        }
    }
}
