using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Connected sessions for which another gateway than their own has queued something, until their gateway has read the queue to its end.
/// A poll's answer may be lost, so each is named again after a while.
/// </summary>
internal sealed class UnreadSessions
{
    /// <summary>Milliseconds between two times that a session is named: as long as a poll hangs.</summary>
    private const long AgainAfter = 10_000;

    private const long Never = long.MinValue / 2;

    private readonly Dictionary<GatewayRef, Dictionary<string, long>> _toldAt = [];

    public void Add(GatewayRef gateway, string key)
    {
        if (!_toldAt.TryGetValue(gateway, out var keys))
        {
            _toldAt.Add(gateway, keys = []);
        }

        keys[key] = Never;
    }

    /// <summary>The gateway has read the queue to its end, or does not hold the session any more.</summary>
    public void Forget(GatewayRef gateway, string key)
    {
        if (_toldAt.TryGetValue(gateway, out var keys) && keys.Remove(key) && keys.Count == 0)
        {
            _toldAt.Remove(gateway);
        }
    }

    /// <summary>The gateway is lost.</summary>
    public void Forget(GatewayRef gateway) => _toldAt.Remove(gateway);

    /// <summary>Returns the keys that the gateway was not told lately, and notes that it is told now (Unix milliseconds).</summary>
    public string[] TakeUntold(GatewayRef gateway, long now)
    {
        if (!_toldAt.TryGetValue(gateway, out var keys))
        {
            return [];
        }

        string[] due = [.. keys.Where(told => told.Value + AgainAfter <= now).Select(told => told.Key)];
        foreach (var key in due)
        {
            keys[key] = now;
        }

        return due;
    }
}
