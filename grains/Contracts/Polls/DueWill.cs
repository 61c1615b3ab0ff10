namespace GrainMQ.Grains.Contracts;

/// <summary>
/// A will that is due: publish it, then name its id in the next poll. It is leased to one gateway for <see cref="GrainOptions.WorkLease"/>
/// (10 s by default); after that another gateway gets it.
/// </summary>
/// <param name="Id">The epoch of the connection that set the will; negative: the epoch of the connection whose CONNECT made it due.</param>
/// <param name="Key">The key of the session whose will it is.</param>
/// <param name="Message">The Will Message in the gateway's own encoding.</param>
[GenerateSerializer, Immutable, Alias("GrainMQ.WorkItem")]
public sealed record DueWill(
    [property: Id(0)] long Id,
    [property: Id(1)] string Key,
    [property: Id(2)] byte[] Message)
{
    /// <summary>Returns the id of the <see cref="OpenReply.DueWill"/> that the CONNECT with this epoch made due.</summary>
    public static long IdOfWillSetOffBy(ulong epoch) => -(long)epoch;
}
