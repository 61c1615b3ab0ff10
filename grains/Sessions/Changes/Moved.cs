namespace GrainMQ.Grains.Sessions.Changes;

/// <summary>
/// Messages of old segments that were appended to the write-ahead log again, so that the segments can be deleted. Queues, their numbers and
/// their order stay as they are.
/// </summary>
internal sealed record Moved(long At, MovedMessage[] Messages) : SessionChange(At)
{
    public override long Cost { get; } = 64 + Messages.Sum(message => 64L + message.Body.Length);
}
