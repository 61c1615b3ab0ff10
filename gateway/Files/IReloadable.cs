namespace GrainMQ.Gateway.Files;

/// <summary>Holds the content of files that may change while the broker runs.</summary>
public interface IReloadable
{
    /// <summary>Reads the files now, also when they have not changed.</summary>
    /// <returns>False: they cannot be used, the log says why, and what they held before stays.</returns>
    bool Reload();
}
