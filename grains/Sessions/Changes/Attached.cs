using GrainMQ.Grains.Contracts;

namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>A CONNECT that took a session.</summary>
/// <param name="At">Unix milliseconds.</param>
/// <param name="Key">The session's key.</param>
/// <param name="Request">The CONNECT.</param>
/// <param name="Epoch">The epoch that it got.</param>
/// <param name="SetsWillOff">Whether it made the will of the connection before due, which the shard keeps from then on.</param>
internal sealed record Attached(long At, string Key, OpenRequest Request, ulong Epoch, bool SetsWillOff = false) : SessionChange(At);
