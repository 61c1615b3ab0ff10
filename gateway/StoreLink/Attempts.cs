namespace GrainMQ.Gateway.StoreLink;

/// <summary>
/// The attempts at one call to a grain that may be made again with the same outcome: while a shard moves to another silo they fail at once, and
/// a moment later they succeed. Every loop that repeats a call takes its times from here.
/// </summary>
internal readonly struct Attempts(TimeProvider time, TimeSpan within)
{
    /// <summary>How long one attempt may take, and how long a client waits for an answer, all attempts together.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(5);

    /// <summary>How long a batch, whose publishers can wait longer than a client that connects, is offered to its shard.</summary>
    public static readonly TimeSpan BatchTimeout = TimeSpan.FromSeconds(30);

    /// <summary>Between the calls of a poll that fails: a shard that cannot be opened is asked five times a second.</summary>
    public static readonly TimeSpan PollPause = TimeSpan.FromMilliseconds(200);

    /// <summary>Between calls that have each used up their time, and before a full disk is asked again.</summary>
    public static readonly TimeSpan LongPause = TimeSpan.FromSeconds(1);

    /// <summary>Between two attempts. As long as a shard typically takes to be found on its new silo.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(50);

    private readonly long _start = time.GetTimestamp();

    /// <summary>For the attempt that begins now.</summary>
    public TimeSpan TimeLeft
    {
        get
        {
            var left = within - time.GetElapsedTime(_start);
            return left > Timeout ? Timeout : left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>There is no time for another attempt.</summary>
    public bool AreOver => time.GetElapsedTime(_start) + Pause >= within;

    public Task PauseAsync(CancellationToken givingWay = default) => Task.Delay(Pause, time, givingWay);
}
