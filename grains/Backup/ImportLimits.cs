using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// A broker with smaller limits than the one that was exported would drop messages as soon as the next one comes. That is the operator's
/// to decide, before.
/// </summary>
internal sealed class ImportLimits(GrainOptions options)
{
    private const string Raise = "Raise it for the import and for the broker, with --config or --set.";

    private long _bytes;
    private long _sessions;

    public long MaxSessions => options.MaxSessions / options.StoreShards;

    /// <exception cref="ExportException">The broker would not keep all of the session.</exception>
    public void Check(SessionRecordSnapshot session)
    {
        var (messages, bytes) = (session.Items().Count(item => item.Stage == PendingStage.Queued), session.Items().Sum(item => item.Cost));
        var waiting = $"that wait for session '{session.Key}'";
        Check(messages, options.OfflineQueueMaxMessages, nameof(options.OfflineQueueMaxMessages), $"messages {waiting}");
        Check(bytes, options.OfflineQueueMaxBytes, nameof(options.OfflineQueueMaxBytes), $"bytes {waiting}");
        Check(
            session.Subscriptions.Length, options.MaxSubscriptionsPerSession, nameof(options.MaxSubscriptionsPerSession),
            $"subscriptions of session '{session.Key}'");
        _bytes += bytes;
        _sessions++;
    }

    /// <summary>All sessions of a shard were checked.</summary>
    /// <exception cref="ExportException">The broker would not keep all of them.</exception>
    public void EndShard()
    {
        Check(_bytes, options.QueuedBytesPerShard, nameof(options.QueuedBytesPerShard), "bytes that wait for the sessions of a shard");
        Check(_sessions, MaxSessions, nameof(options.MaxSessions), "sessions of a shard");
        (_bytes, _sessions) = (0, 0);
    }

    public ExportException RetainedQuota() => new(
        $"The retained messages are more than {Key(nameof(options.RetainedMaxMessages))} ({options.RetainedMaxMessages}) and "
        + $"{Key(nameof(options.RetainedMaxBytes))} ({options.RetainedMaxBytes}) allow. {Raise}");

    private static string Key(string name) => $"Grains:{name}";

    private static void Check(long value, long most, string name, string what)
    {
        if (value > most)
        {
            throw new ExportException($"The {what} are {value}, more than {Key(name)} allows ({most}). {Raise}");
        }
    }
}
