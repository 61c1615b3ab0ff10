using System.Globalization;

namespace GrainMQ.Tests.Load;

/// <summary>Measured times in milliseconds, and what is said of them.</summary>
internal sealed class Latencies(IEnumerable<double> milliseconds)
{
    private readonly double[] _sorted = [.. milliseconds.Order()];

    public int Count => _sorted.Length;

    /// <summary>The time that this share of them did not exceed; NaN when there are none.</summary>
    public double At(double share) => _sorted.Length == 0 ? double.NaN : _sorted[Math.Min(_sorted.Length - 1, (int)(_sorted.Length * share))];

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Count}: p50 {At(0.5):F2} ms, p90 {At(0.9):F2} ms, p99 {At(0.99):F2} ms, max {At(1):F1} ms");
}
