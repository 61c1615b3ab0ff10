namespace GrainMQ.Tests.Simulation;

internal enum ActivationState
{
    /// <summary>There is no grain yet, or it is activating.</summary>
    Activating,
    /// <summary>It takes requests.</summary>
    Valid,
    /// <summary>It takes none any more, and ends when those that run have ended.</summary>
    Deactivating,
    /// <summary>It is over: what waits goes to its successor.</summary>
    Invalid,
}
