using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>Commits are tasks that complete when a shard has what was added to its lane; null stands for nothing to wait for.</summary>
internal static class Commits
{
    /// <summary>Both commits: the first result that is not Ok, or Ok.</summary>
    public static Task<SessionResult> And(this Task<SessionResult>? first, Task<SessionResult> second) =>
        first is null || first == second ? second : BothAsync(first, second);

    private static async Task<SessionResult> BothAsync(Task<SessionResult> first, Task<SessionResult> second)
    {
        var results = await Task.WhenAll(first, second).ConfigureAwait(false);
        return results[0] == SessionResult.Ok ? results[1] : results[0];
    }
}
