using System.Diagnostics.CodeAnalysis;

namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>What became of reading files: one of <c>Content</c> and <c>Error</c> is set, or neither: nothing has changed.</summary>
/// <param name="Version">Names what was read, usable or not: the same bytes have the same version, also behind a moved symlink.</param>
/// <param name="Error">One line: which file, what is wrong with it, what to do.</param>
public sealed record FileReading<T>(string Version, T? Content, string? Error) where T : class
{
    /// <summary>A file that could not be read; told once for as long as it stays so.</summary>
    public static FileReading<T> Failed(string error, string? known) => new(error, null, error == known ? null : error);
}

/// <summary>Reads whole files, and says in one line why one cannot be read.</summary>
internal static class FileBytes
{
    public static bool TryRead(string path, [NotNullWhen(true)] out byte[]? bytes, [NotNullWhen(false)] out string? error)
    {
        (bytes, error) = (null, null);
        try
        {
            bytes = File.ReadAllBytes(path);
            return true;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            error = $"file '{path}' does not exist.";
        }
        catch (UnauthorizedAccessException)
        {
            error = $"file '{path}' may not be read. Give the broker's user the right to read it.";
        }
        catch (IOException e)
        {
            error = $"file '{path}' cannot be read: {e.Message}";
        }
        return false;
    }
}
