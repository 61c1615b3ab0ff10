namespace GrainMQ.Gateway.StoreLink;

/// <summary>A way to one shard, whatever travels on it.</summary>
internal interface ILane
{
    /// <summary>Sends what has gathered, unless a batch is under way: then it goes with the next one.</summary>
    void Flush();
}
