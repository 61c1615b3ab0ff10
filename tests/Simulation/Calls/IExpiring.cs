namespace GrainMQ.Tests.Simulation;

/// <summary>Something that must be over at some time.</summary>
internal interface IExpiring
{
    bool IsOver { get; }

    /// <summary>It was not.</summary>
    void Expire();
}
