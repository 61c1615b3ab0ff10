namespace GrainMQ.Grains.Retained;

/// <summary>
/// Remembers level names that were used lately. The last levels of topics repeat below every device (<c>…/temperature</c>), and the nodes
/// then share one string.
/// </summary>
internal sealed class LevelNames
{
    private const int Places = 1024;
    private const int LongestShared = 32;

    private readonly string?[] _names = new string?[Places];

    /// <summary>Returns the name as a string, a shared one if it was used lately.</summary>
    public string Of(ReadOnlySpan<char> level)
    {
        if (level.Length > LongestShared)
        {
            return level.ToString();
        }

        ref var name = ref _names[string.GetHashCode(level) & (Places - 1)];
        return name is not null && level.SequenceEqual(name) ? name : name = level.ToString();
    }
}
