using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A session that was made before its client, or got subscriptions in the same way; the epoch is for a new one.</summary>
internal sealed record Preset(long At, string Key, PresetRequest Request, ulong Epoch) : SessionChange(At)
{
    public override long Cost => base.Cost + (128 * Request.Subscriptions.Length);
}
