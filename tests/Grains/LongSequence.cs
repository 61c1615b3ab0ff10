using Xunit;

namespace GrainMQ.Tests.Grains;

/// <summary>
/// What <see cref="Assert.Equal{T}(IEnumerable{T}, IEnumerable{T})"/> asserts, for searches that compare long sequences many thousand times: its
/// own comparison, which prepares a message, runs only when there is something to say.
/// </summary>
internal static class LongSequence
{
    public static void AssertEqual<T>(IEnumerable<T> expected, IEnumerable<T> actual)
    {
        if (!expected.SequenceEqual(actual))
        {
            Assert.Equal(expected.ToList(), actual.ToList());
        }
    }
}
