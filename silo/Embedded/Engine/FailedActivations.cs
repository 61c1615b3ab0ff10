using System.Collections.Concurrent;

namespace GrainMQ.Silo.Embedded;

/// <summary>
/// A grain that cannot activate is called again and again, by everybody who needs it: one line per grain and interval says so.
/// </summary>
internal sealed class FailedActivations(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<GrainId, long> _told = new();

    public bool IsNews(GrainId grain)
    {
        var now = time.GetTimestamp();
        if (_told.TryGetValue(grain, out var told) && time.GetElapsedTime(told, now) < Interval)
            return false;
        _told[grain] = now;
        return true;
    }

    public void Forget(GrainId grain)
    {
        if (!_told.IsEmpty)
            _told.TryRemove(grain, out _);
    }
}
