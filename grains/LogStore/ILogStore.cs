namespace GrainMQ.Grains.LogStore;

/// <summary>
/// The port to the write-ahead logs, which have names: <c>sessions/3</c>, <c>retain/1</c>. A provider implements it in a folder of its own
/// (<c>Files</c>, <c>Memory</c>). Safe for all threads; a provider waits for its disk on threads of its own, so that a grain awaits it like
/// any other call.
/// </summary>
public interface ILogStore : IAsyncDisposable
{
    /// <summary>
    /// Opens a log, which begins empty, for one writer: takes a new epoch, ends what the writer before had begun (every later call of
    /// that writer is <see cref="LogResult.Fenced"/>) and recovers what a crash left. A log that failed is opened again in the same way.
    /// </summary>
    /// <param name="name">Words of <c>a-z 0-9 - _</c>, separated by '/'.</param>
    /// <param name="leastEpoch">The new epoch is at least this (a clock), and above every epoch before.</param>
    ValueTask<LogOpening> OpenAsync(string name, long leastEpoch);
}
