namespace GrainMQ.Gateway.Security;

/// <summary>
/// Changes one line of a password file. The new file replaces the old one in one step, so that neither a broker that reads it nor a
/// machine that fails sees half of it; every other line stays as it is.
/// </summary>
internal static class PasswordFileEdit
{
    /// <summary>Adds the user or replaces the verifier; creates the file, for its owner alone, when there is none.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">Nor by this user.</exception>
    public static void Set(string path, string user, ScramVerifier verifier)
    {
        var lines = File.Exists(path) ? File.ReadAllLines(path).ToList() : [];
        var at = lines.FindIndex(line => PasswordFile.UserOf(line) == user);
        if (at < 0)
        {
            lines.Add(PasswordFile.Line(user, verifier));
        }
        else
        {
            lines[at] = PasswordFile.Line(user, verifier);
        }

        Replace(path, lines);
    }

    /// <summary>Removes the user; false when there is no such user.</summary>
    public static bool Remove(string path, string user)
    {
        var lines = File.ReadAllLines(path).ToList();
        var isRemoved = lines.RemoveAll(line => PasswordFile.UserOf(line) == user) > 0;
        if (isRemoved)
        {
            Replace(path, lines);
        }

        return isRemoved;
    }

    private static void Replace(string path, List<string> lines)
    {
        var linked = File.Exists(path) ? File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName : null;
        var target = linked ?? Path.GetFullPath(path);
        var draft = $"{target}.{Guid.NewGuid():n}.new";
        try
        {
            using (var stream = new FileStream(draft, Options(target)))
            {
                using (var writer = new StreamWriter(stream, leaveOpen: true))
                {
                    lines.ForEach(writer.WriteLine);
                }

                stream.Flush(flushToDisk: true);
            }

            File.Move(draft, target, overwrite: true);
        }
        catch
        {
            File.Delete(draft);
            throw;
        }
    }

    /// <summary>Gives the new file the rights of the old one.</summary>
    private static FileStreamOptions Options(string target)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = File.Exists(target) ? File.GetUnixFileMode(target) : UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return options;
    }
}
