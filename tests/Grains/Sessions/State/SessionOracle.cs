using GrainMQ.Grains.Contracts;

namespace GrainMQ.Tests.Grains.Sessions.State;

/// <summary>
/// What a session should do, written down as plainly as the specification: no heaps, no indexes, every rule where it is asked for.
/// </summary>
internal sealed class SessionOracle
{
    private const long Lease = 10_000;

    private readonly Dictionary<string, Session> _sessions = [];
    private readonly List<(string Will, GatewayRef Gateway, long Until)> _handed = [];

    /// <summary>Wills that the shard has to publish, in no particular order.</summary>
    public List<string> Published { get; } = [];

    public Session? Find(string key) => _sessions.GetValueOrDefault(key);

    public (bool Present, ulong? Previous, string[]? Pending, string? DueWill) Open(string key, OpenRequest request, ulong epoch)
    {
        var old = Find(key);
        var isResumed = old is not null && !request.CleanStart && (!old.IsAttached || old.Expiry > 0);
        var setsWillOff = old is { IsAttached: true }
            ? old.Gateway == request.Gateway && (!isResumed || old.Delay == 0)
            : !isResumed;
        string[]? pending = isResumed ? [.. old!.Front, .. old.Queue] : null; // isResumed: there is an old one
        var session = isResumed ? old! : _sessions[key] = new Session();
        var reply = (isResumed, old is { IsAttached: true } ? old.Epoch : (ulong?)null, pending, setsWillOff ? old?.Will : null);
        (session.IsAttached, session.IsLost, session.Epoch, session.Expiry) = (true, false, epoch, request.ExpirySeconds);
        session.Gateway = request.Gateway;
        session.Will = request.Will is { } will ? Sample.Text(will.Message) : null;
        session.Delay = request.Will?.DelaySeconds ?? 0;
        return reply;
    }

    /// <summary>A gateway got the will with the answer to a CONNECT, and is not heard of it.</summary>
    public void Hand(string will, GatewayRef gateway, long now) => _handed.Add((will, gateway, now + Lease));

    public SessionResult Close(string key, ulong epoch, CloseRequest request, long now)
    {
        if (Find(key) is not { } session)
        {
            return SessionResult.NotFound;
        }

        if (epoch < session.Epoch)
        {
            return SessionResult.Fenced;
        }

        if (!session.IsAttached && !session.IsLost)
        {
            return SessionResult.Ok;
        }

        session.Expiry = session.Expiry == 0 ? 0 : request.ExpirySeconds;
        session.Will = request.Will == WillAction.Arm ? session.Will : null;
        if (session.Expiry > 0)
        {
            session.Front.AddRange(Sample.Texts(request.Pending));
        }

        session.IsLost = false;
        Disconnect(session, now);
        Advance(now);
        return SessionResult.Ok;
    }

    public void Lose(GatewayRef gateway, long now)
    {
        foreach (var session in _sessions.Values.Where(session => session.IsAttached && session.Gateway == gateway))
        {
            session.IsLost = true;
            Disconnect(session, now);
        }
        Publish(handed => handed.Gateway == gateway);
        Advance(now);
    }

    public void Queue(string key, string message)
    {
        if (Find(key) is { } session)
        {
            session.Queue.Add(message);
        }
    }

    /// <summary>The session's gateway says that so many messages, the oldest first, have been delivered.</summary>
    public void Finish(string key, int count)
    {
        if (Find(key) is not { } session)
        {
            return;
        }

        var front = Math.Min(count, session.Front.Count);
        session.Front.RemoveRange(0, front);
        session.Queue.RemoveRange(0, Math.Min(count - front, session.Queue.Count));
    }

    public void Advance(long now)
    {
        Publish(handed => handed.Until <= now);
        foreach (var (key, session) in _sessions.Where(pair => !pair.Value.IsAttached).ToArray())
        {
            var isOver = session.EndsAt <= now;
            if (session.Will is { } will && (isOver || session.WillAt <= now))
            {
                Published.Add(will);
                session.Will = null;
            }
            if (isOver)
            {
                _sessions.Remove(key);
            }
        }
    }

    private void Publish(Predicate<(string Will, GatewayRef Gateway, long Until)> isDue)
    {
        Published.AddRange(_handed.FindAll(isDue).Select(handed => handed.Will));
        _handed.RemoveAll(isDue);
    }

    private static void Disconnect(Session session, long now)
    {
        session.IsAttached = false;
        session.EndsAt = session.Expiry == uint.MaxValue ? long.MaxValue : now + (session.Expiry * 1000L);
        session.WillAt = now + (session.Delay * 1000L);
    }

    internal sealed class Session
    {
        public bool IsAttached { get; set; }

        public bool IsLost { get; set; }

        public ulong Epoch { get; set; }

        public GatewayRef? Gateway { get; set; }

        public uint Expiry { get; set; }

        public string? Will { get; set; }

        public uint Delay { get; set; }

        public long WillAt { get; set; }

        public long EndsAt { get; set; }

        /// <summary>What connections have handed back.</summary>
        public List<string> Front { get; } = [];

        public List<string> Queue { get; } = [];
    }
}
