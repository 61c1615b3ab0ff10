using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// Connected sessions for which another gateway than their own has queued something, until their gateway has read the queue to its end.
/// A poll's answer may be lost, so each is named again after a while.
/// </summary>
internal sealed class BehindSessions
{
    private const long AgainAfter = 10_000;
    private const long Never = long.MinValue / 2;

    private readonly Dictionary<GatewayRef, Dictionary<string, long>> _told = [];

    public void Add(GatewayRef gateway, string key)
    {
        if (!_told.TryGetValue(gateway, out var keys))
        {
            _told.Add(gateway, keys = []);
        }

        keys[key] = Never;
    }

    /// <summary>The gateway has read the queue to its end, or the session is no longer there.</summary>
    public void Forget(GatewayRef gateway, string key)
    {
        if (_told.TryGetValue(gateway, out var keys) && keys.Remove(key) && keys.Count == 0)
        {
            _told.Remove(gateway);
        }
    }

    public void Forget(GatewayRef gateway) => _told.Remove(gateway);

    /// <summary>What the gateway has not been told lately.</summary>
    public string[] Take(GatewayRef gateway, long now)
    {
        if (!_told.TryGetValue(gateway, out var keys))
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
