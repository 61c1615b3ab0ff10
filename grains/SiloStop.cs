namespace GrainMQ.Grains;

/// <summary>
/// Tells the grains of a silo that it is about to stop: calls that hang end at once, and long work is given up, so that the silo's stop
/// does not wait for them. Where no silo tells (a simulator), nothing ends before its time.
/// </summary>
public sealed class SiloStop
{
    private readonly CancellationTokenSource _source = new();

    public CancellationToken Token => _source.Token;

    public bool HasBegun => _source.IsCancellationRequested;

    /// <summary>Called by the silo's lifecycle before it deactivates its grains; from any thread.</summary>
    public void Begin() => _source.Cancel();
}
