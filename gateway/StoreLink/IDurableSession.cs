using GrainMQ.Grains.Contracts;

namespace GrainMQ.Gateway.StoreLink;

/// <summary>A session that outlives its connection, as its store shard sees it: what the link gives to it and asks of it.</summary>
internal interface IDurableSession : IDurablePart
{
    /// <summary>The claim of the current or last connection; the store fences lower ones.</summary>
    ulong Epoch { get; }

    /// <summary>Says what to read next; null when there is nothing to read, no connection, or no room: then the reader stops.</summary>
    QueueRead? NextRead();

    /// <summary>Takes the answer to <see cref="NextRead"/>.</summary>
    /// <param name="epoch">Claim of the connection that asked.</param>
    /// <param name="page">What the store answered.</param>
    void OnPageRead(ulong epoch, QueuePage page);

    /// <summary>
    /// Sends what waited for its commit, unless the delivery is over or another claim holds the session.
    /// </summary>
    /// <param name="sending">The delivery, and how far it is once this is sent.</param>
    /// <param name="epoch">The claim under which it was committed; 0 when it was not: then nothing is sent.</param>
    /// <param name="isDuplicate">An earlier connection sent it.</param>
    /// <param name="isGone">A full queue dropped it on its way, and has counted that.</param>
    /// <param name="burst">Wakes the connection.</param>
    void OnCommitted(StartedDelivery sending, ulong epoch, bool isDuplicate, bool isGone, Burst burst);

    /// <summary>The commit that a delivery waited for failed for as long as a batch is offered.</summary>
    void OnCommitFailed();

    /// <summary>Takes the numbers whose delivery has ended, as pairs of first and last, for a report.</summary>
    long[] BeginReport();

    /// <summary>Learns what became of a report.</summary>
    /// <param name="pairs">What it said, from <see cref="BeginReport"/>.</param>
    /// <param name="epoch">The claim that it was made under.</param>
    /// <param name="fate">What the store said.</param>
    void EndReport(long[] pairs, ulong epoch, ReportFate fate);
}
