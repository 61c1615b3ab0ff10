using GrainMQ.Grains.Contracts;

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

internal sealed record Attached(long At, string Key, OpenRequest Request, ulong Epoch) : SessionChange(At)
{
    protected override void Apply(SessionTable table) => table.Attach(Key, Request, Epoch, At);
}

internal sealed record Applied(long At, SessionDelta Delta) : SessionChange(At)
{
    public override long Cost => base.Cost + (128 * Delta.Added.Length);

    protected override void Apply(SessionTable table) => table.Apply(Delta);
}

internal sealed record Detached(long At, string Key, ulong Epoch, CloseRequest Request) : SessionChange(At)
{
    public override long Cost => base.Cost + Request.Pending.Sum(OfflineQueue.Cost);

    protected override void Apply(SessionTable table) => table.Detach(Key, Epoch, Request, At);
}

internal sealed record Queued(long At, QueueBatch Batch) : SessionChange(At)
{
    public override long Cost { get; } = Batch.Entries.Sum(entry => 64L + entry.Message.Length + (64L * entry.Targets.Length));

    protected override void Apply(SessionTable table) => table.Queue(Batch, At);
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
