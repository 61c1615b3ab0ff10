using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Tests.Grains.Sessions;

/// <summary>What the grain does between the table and its answers, with everything in memory.</summary>
internal static class StateExtensions
{
    public static void Commit(this IEnumerable<StoredMessage> messages)
    {
        foreach (var message in messages)
        {
            message.Commit(-1);
        }
    }

    public static SessionState? StateOf(this StoreShardState table, string key, ulong epoch, long now) =>
        table.Pages.Resume(key, epoch, now, true) is { } resume
            ? resume.State with { Pending = [.. resume.Front.Concat(resume.Page.Items).Select(item => item.With(item.Message.Bytes ?? []))] }
            : null;

    public static string[] Texts(this IEnumerable<QueueItem> items) => [.. items.Select(item => Sample.Text(item.Message.Bytes ?? []))];
}
