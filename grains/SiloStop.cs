namespace GrainMQ.Grains;

/// <summary>
/// Tells the grains of a silo that it is about to stop: calls that hang end at once, and long work is abandoned, so that the silo's stop does
/// not wait for them. Where no silo says so (in a simulator), nothing ends before its time.
/// </summary>
public sealed class SiloStop
{
    private readonly CancellationTokenSource _source = new();

    /// <summary>Cancelled when the stop begins.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>Whether the stop has begun.</summary>
    public bool HasBegun => _source.IsCancellationRequested;

    /// <summary>Says that the silo stops. Its lifecycle calls this before it deactivates its grains; from any thread.</summary>
    public void Begin() => _source.Cancel();
}
