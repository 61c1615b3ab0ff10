namespace GrainMQ.Gateway.Routing;

/// <summary>
/// Hands out the indexes 1, 2, 3, … and takes them back. A returned index rests until <see cref="Release"/>, because a reader may still
/// stand on it.
/// </summary>
internal sealed class SlotPool
{
    private readonly Stack<uint> _free = new();
    private readonly List<uint> _resting = [];
    private uint _highest;

    public int Resting => _resting.Count;

    public uint Take() => _free.TryPop(out var index) ? index : ++_highest;

    public void Return(uint index) => _resting.Add(index);

    /// <summary>Makes the resting indexes available, after <paramref name="recycle"/> saw each of them.</summary>
    public void Release(Action<uint>? recycle = null)
    {
        foreach (var index in _resting)
        {
            recycle?.Invoke(index);
            _free.Push(index);
        }

        _resting.Clear();
    }
}
