using System.Runtime.CompilerServices;
using FsCheck;
using GrainMQ.Tests.Simulation;

namespace GrainMQ.Tests.Unit.Protocol;

/// <summary>Checks a property of FsCheck with samples from our own seeds, so that a run of the tests draws the same ones everywhere.</summary>
internal static class SeededProperty
{
    /// <summary>FsCheck wants a second number, which is odd; any will do.</summary>
    private const ulong Gamma = 0x9E37_79B9_7F4A_7C15;

    /// <param name="samples">How many samples one seed draws.</param>
    /// <param name="property">What must hold for each.</param>
    /// <param name="test">The file of the test class.</param>
    public static void Check(int samples, Property property, [CallerFilePath] string test = "")
    {
        var search = Seeds.Of("property", 1, test);
        foreach (var seed in search.All)
        {
            try
            {
                FsCheck.Check.One(Config.QuickThrowOnFailure.WithMaxTest(samples).WithReplay((ulong)seed, Gamma), property);
            }
            catch (Exception failure)
            {
                throw search.Failed(seed, failure, "");
            }
        }
    }
}
