namespace GrainMQ.Grains.Backup;

/// <summary>Who shows how far an export or import has come.</summary>
public interface IExportProgress
{
    /// <summary>Something begins; what was before is over.</summary>
    /// <param name="step">A few words for the operator.</param>
    /// <param name="total">What <see cref="Report"/> will come to.</param>
    void Begin(string step, long total);

    /// <summary>How much of the step is done. Called often.</summary>
    void Report(long done);
}
