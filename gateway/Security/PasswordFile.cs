using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using GrainMQ.Gateway.Files;

namespace GrainMQ.Gateway.Security;

/// <summary>
/// A file of users, one per line: <c>USER:SCRAM-SHA-256$ITERATIONS:SALT$STOREDKEY:SERVERKEY</c>. Empty lines and lines that begin with
/// <c>#</c> are left alone. A user name may contain colons, but no control characters.
/// </summary>
internal static class PasswordFile
{
    private const string Separator = ":" + ScramVerifier.Mechanism + "$";

    /// <summary>Reads the file when it is not the version that the caller has.</summary>
    public static FileReading<Dictionary<string, ScramVerifier>> Read(string path, string? known)
    {
        var version = Version(path);
        return version == known ? new(version, null, null)
            : TryRead(path, out var users, out var error) ? new(version, users, null)
            : new(version, null, error);
    }

    /// <param name="users">By prepared name (SASLprep).</param>
    /// <param name="error">One line for the operator: the file, the line, the cause, the cure.</param>
    public static bool TryRead(
        string path, [NotNullWhen(true)] out Dictionary<string, ScramVerifier>? users, [NotNullWhen(false)] out string? error)
    {
        users = null;
        try
        {
            return TryParse(path, File.ReadAllLines(path), out users, out error);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            error = $"password file '{path}' does not exist. Add a first user: gateway passwd {path} USER";
        }
        catch (UnauthorizedAccessException)
        {
            error = $"password file '{path}' may not be read. Give the broker's user the right to read it.";
        }
        catch (IOException e)
        {
            error = $"password file '{path}' cannot be read: {e.Message}";
        }

        return false;
    }

    /// <summary>Returns the user of a line; null when the line has none.</summary>
    public static string? UserOf(string line) => line.StartsWith('#') || line.LastIndexOf(Separator, StringComparison.Ordinal) is not (>= 0 and var at)
        ? null : line[..at];

    public static string Line(string user, ScramVerifier verifier) => $"{user}:{verifier.Format()}";

    /// <summary>Says why a password file cannot hold this user name; null when it can.</summary>
    public static string? WhyNotAUser(string user) =>
        user.Length == 0 ? "a user name has at least one character"
        : user[0] == '#' ? "a user name does not begin with #, which begins a comment"
        : user.Any(char.IsControl) ? "a user name has no control characters"
        : user.Contains(Separator, StringComparison.Ordinal) ? $"a user name does not contain {Separator}"
        : null;

    /// <summary>Returns text that differs after a change of the file, also of a symlink to it (Kubernetes secrets). Much cheaper than reading many users.</summary>
    private static string Version(string path)
    {
        try
        {
            var target = File.ResolveLinkTarget(path, returnFinalTarget: true);
            var file = new FileInfo(target?.FullName ?? path);
            return file.Exists ? string.Create(CultureInfo.InvariantCulture, $"{file.LastWriteTimeUtc.Ticks} {file.Length} {target?.FullName}") : "";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // reading the file tells why
        }
    }

    private static bool TryParse(
        string path, string[] lines, [NotNullWhen(true)] out Dictionary<string, ScramVerifier>? users, [NotNullWhen(false)] out string? error)
    {
        users = new(StringComparer.Ordinal);
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            if (line.Length == 0 || line[0] == '#')
            {
                continue;
            }

            var user = UserOf(line);
            var fault = user is null ? $"it is not USER{Separator}…" : WhyNotAUser(user);
            if (fault is null && ScramVerifier.TryParse(line[(user!.Length + 1)..], out var verifier, out fault) && !users.TryAdd(SaslPrep.PrepareOrKeep(user), verifier))
            {
                fault = $"the user '{user}' is there a second time";
            }

            if (fault is not null)
            {
                error = $"password file '{path}', line {i + 1}: {fault}. Write the line with: gateway passwd {path} USER, or remove it.";
                users = null;
                return false;
            }
        }

        error = null;
        return true;
    }
}
