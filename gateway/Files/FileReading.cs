namespace GrainMQ.Gateway.Files;

/// <summary>Result of reading files: either <c>Content</c> or <c>Error</c> is set, or neither when nothing has changed.</summary>
/// <param name="Version">Names what was read, usable or not: the same bytes have the same version, also behind a moved symlink.</param>
/// <param name="Error">One line: which file, what is wrong with it, what to do.</param>
public sealed record FileReading<T>(string Version, T? Content, string? Error) where T : class
{
    /// <summary>Makes the result for a file that cannot be read; the same error is returned once.</summary>
    public static FileReading<T> Failed(string error, string? known) => new(error, null, error == known ? null : error);
}
