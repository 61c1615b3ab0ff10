using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions;

/// <summary>
/// One committed input of a store shard. The table is a deterministic function of its inputs and their times, so the inputs are what
/// the journal keeps; most are the caller's own immutable records.
/// </summary>
/// <param name="At">Unix milliseconds; whatever was due until then happens first.</param>
internal abstract record SessionChange(long At)
{
    /// <summary>Roughly the memory that the change holds in the journal.</summary>
    public virtual long Cost => 128;

    public void Replay(SessionTable table)
    {
        table.FireDue(At);
        Apply(table);
    }

    protected abstract void Apply(SessionTable table);
}

/// <param name="SetsWillOff">It has made the will of the connection before due, which is work from then on.</param>
internal sealed record Attached(long At, string Key, OpenRequest Request, ulong Epoch, bool SetsWillOff = false) : SessionChange(At)
{
    protected override void Apply(SessionTable table) => table.Attach(Key, Request, Epoch, At, SetsWillOff);
}

internal sealed record Applied(long At, SessionDelta Delta) : SessionChange(At)
{
    public override long Cost => base.Cost + (128 * Delta.Added.Length);

    protected override void Apply(SessionTable table) => table.Apply(Delta);
}

/// <summary>The end of a connection.</summary>
/// <param name="Done">As in <see cref="CloseRequest"/>.</param>
/// <param name="Begun">Deliveries of the queue that had begun.</param>
/// <param name="Handed">Messages that only the connection had, with the numbers that they got.</param>
/// <param name="Dropped">Numbers that had to go for them.</param>
internal sealed record Detached(
    long At, string Key, ulong Epoch, uint ExpirySeconds, WillAction Will, long[] Done, StartedDelivery[] Begun, HandedMessage[] Handed,
    ushort[] InboundQos2, long[] Dropped) : SessionChange(At)
{
    public override long Cost => base.Cost + Handed.Sum(message => QueueItem.Overhead + (long)message.Body.Length);

    protected override void Apply(SessionTable table) => table.Replay(this);
}

/// <summary>A message that a connection handed back; its number is new.</summary>
internal sealed record HandedMessage(
    MessageBody Body, long Number, byte Qos, bool Retain, uint[] SubscriptionIdentifiers, PendingStage Stage, ushort PacketId);

/// <summary>
/// What a batch did. The numbers stand in it, so that they stay right after a damage that has swallowed a change before it.
/// </summary>
/// <param name="Count">Messages that full queues dropped, as it was answered.</param>
/// <param name="Messages">Those that are in at least one queue now.</param>
/// <param name="Origins">QoS 2 publications that are noted now.</param>
/// <param name="Dropped">Messages that went from full queues.</param>
internal sealed record Queued(
    long At, GatewayRef Producer, long Sequence, int Count, QueuedMessage[] Messages, MessageOrigin[] Origins, QueuePlace[] Dropped)
    : SessionChange(At)
{
    public override long Cost { get; } = 64 + Messages.Sum(message => 64L + message.Body.Length + (64L * message.Targets.Length));

    protected override void Apply(SessionTable table) => table.Replay(this);
}

internal sealed record QueuedMessage(MessageBody Body, QueuedTarget[] Targets);

internal readonly record struct QueuedTarget(string Key, long Number, byte Qos, bool Retain, uint[] SubscriptionIdentifiers);

internal readonly record struct QueuePlace(string Key, long Number);

internal sealed record Reported(long At, ProgressBatch Batch) : SessionChange(At)
{
    public override long Cost { get; } = Batch.Sessions.Sum(session => 128L + (16 * session.Done.Length) + (16 * session.Started.Length));

    protected override void Apply(SessionTable table) => table.Report(Batch);
}

internal sealed record Reattached(long At, ReattachBatch Batch) : SessionChange(At)
{
    public override long Cost => base.Cost * Math.Max(1, Batch.Sessions.Length);

    protected override void Apply(SessionTable table) => table.Reattach(Batch);
}

internal sealed record Preset(long At, string Key, PresetRequest Request, ulong Epoch) : SessionChange(At)
{
    public override long Cost => base.Cost + (128 * Request.Subscriptions.Length);

    protected override void Apply(SessionTable table) => table.Preset(Key, Request, Epoch, At);
}

internal sealed record GatewayLost(long At, GatewayRef Gateway) : SessionChange(At)
{
    protected override void Apply(SessionTable table) => table.Lose(Gateway, At);
}

internal sealed record WorkCompleted(long At, long[] Ids) : SessionChange(At)
{
    protected override void Apply(SessionTable table) => table.Work.Complete(Ids);
}

internal sealed record WorkLeased(long At, GatewayRef Gateway, long[] Ids) : SessionChange(At)
{
    protected override void Apply(SessionTable table) => table.Work.Lease(Gateway, At, Ids);
}

/// <summary>
/// Messages of old segments that stand in the log anew, so that the segments can go. Queues, their numbers and their order stay as they are.
/// </summary>
internal sealed record Moved(long At, MovedMessage[] Messages) : SessionChange(At)
{
    public override long Cost { get; } = 64 + Messages.Sum(message => 64L + message.Body.Length);

    protected override void Apply(SessionTable table) => table.Replay(this);
}

/// <param name="Body">The message at its new place.</param>
/// <param name="Key">One of the queues that it waits in; the others share it.</param>
/// <param name="Number">Its number there.</param>
/// <param name="From">The place before.</param>
internal sealed record MovedMessage(MessageBody Body, string Key, long Number, long From);
