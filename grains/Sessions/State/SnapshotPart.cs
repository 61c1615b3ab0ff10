using GrainMQ.Grains.Sessions.Queue;

namespace GrainMQ.Grains.Sessions.State;

/// <summary>Some runs of a session's queue; the session itself too when they are the first.</summary>
internal readonly record struct SnapshotPart(SessionRecordSnapshot Session, int From, int Count)
{
    /// <summary>At 256 messages a run, a part has at most 4,096 messages.</summary>
    private const int MostRuns = 16;

    public ReadOnlySpan<QueueRun> Waiting => Session.Waiting.AsSpan(From, Count);

    public static IEnumerable<SnapshotPart> Of(SessionRecordSnapshot session)
    {
        for (var from = 0; from == 0 || from < session.Waiting.Length; from += MostRuns)
        {
            yield return new SnapshotPart(session, from, Math.Min(MostRuns, session.Waiting.Length - from));
        }
    }
}
