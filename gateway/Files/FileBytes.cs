using System.Diagnostics.CodeAnalysis;

namespace GrainMQ.Gateway.Files;

/// <summary>Reads whole files and says in one line why one cannot be read.</summary>
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
