namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>Nothing but the time: a clock that is set back while the process is away then gives no session a longer life.</summary>
internal sealed record Ticked(long At) : SessionChange(At);
