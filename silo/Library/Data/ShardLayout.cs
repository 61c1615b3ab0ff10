using System.Text.RegularExpressions;
using GrainMQ.Grains;

using GrainMQ.Silo.Hosting;

namespace GrainMQ.Silo.Data;

/// <summary>
/// Keeps the number of shards that the logs of a data directory were made for. With another number the broker would look for sessions in logs
/// that do not have them, so the first start writes the number down and every later one compares.
/// </summary>
internal static partial class ShardLayout
{
    public const string FileName = "grainmq.shards";

    /// <exception cref="StartupException">The directory was made for other numbers, or they cannot be read or written.</exception>
    public static void Check(string dataPath, GrainOptions options)
    {
        Compare(dataPath, options);
        var file = FileOf(dataPath);
        if (File.Exists(file))
        {
            return;
        }

        CheckLogs(dataPath, "sessions", options.StoreShards, nameof(GrainOptions.StoreShards));
        CheckLogs(dataPath, "retain", options.RetainShards, nameof(GrainOptions.RetainShards));
        Attempt(file, () => Write(file, options));
    }

    /// <summary>Does what <see cref="Check"/> does without writing.</summary>
    public static void Compare(string dataPath, GrainOptions options)
    {
        if (Attempt(FileOf(dataPath), () => Text(dataPath)) is not { } found)
        {
            return;
        }

        if (!Pattern().IsMatch(found))
        {
            throw Garbled(dataPath);
        }

        if (found != Text(options))
        {
            throw new StartupException(
                $"Data directory '{dataPath}' was made with other shards ({found}) than configured ({Text(options)}). " +
                "Set Grains:StoreShards and Grains:RetainShards to those numbers, or choose another directory with --data DIR.");
        }
    }

    /// <summary>Sets the numbers in the options to those of the directory, if it has any.</summary>
    /// <exception cref="StartupException">They cannot be read.</exception>
    public static void Adopt(string dataPath, GrainOptions options)
    {
        if (Attempt(FileOf(dataPath), () => Text(dataPath)) is not { } found)
        {
            return;
        }

        if (Pattern().Match(found) is not { Success: true } match)
        {
            throw Garbled(dataPath);
        }

        options.StoreShards = int.Parse(match.Groups[1].ValueSpan);
        options.RetainShards = int.Parse(match.Groups[2].ValueSpan);
    }

    /// <summary>Returns the contents of the file.</summary>
    public static string Text(GrainOptions options) => $"store {options.StoreShards}, retain {options.RetainShards}";

    private static bool Write(string file, GrainOptions options)
    {
        File.WriteAllText($"{file}.new", Text(options));
        File.Move($"{file}.new", file);
        return true;
    }

    private static string FileOf(string dataPath) => Path.Combine(dataPath, FileName);

    private static string? Text(string dataPath) => File.Exists(FileOf(dataPath)) ? File.ReadAllText(FileOf(dataPath)) : null;

    private static T Attempt<T>(string file, Func<T> action)
    {
        try
        {
            return action();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"'{file}' cannot be read or written: {e.Message} {DataDirectory.Cure(e)}.", e);
        }
    }

    private static StartupException Garbled(string dataPath) => new(
        $"'{FileOf(dataPath)}' is not what a broker wrote there. Restore it from a backup, or remove it: the next start writes it anew, " +
        "after a look at the logs in the directory.");

    /// <summary>Without the file, counts the logs: a start opens the log of every shard.</summary>
    private static void CheckLogs(string dataPath, string kind, int shards, string key)
    {
        var directory = Path.Combine(dataPath, kind);
        var logs = Directory.Exists(directory) ? Directory.GetDirectories(directory).Length : 0;
        if (logs > 0 && logs != shards)
        {
            throw new StartupException(
                $"Data directory '{dataPath}' has {logs} logs in '{kind}' and {shards} shards are configured. " +
                $"Set Grains:{key} to {logs}, or choose another directory with --data DIR.");
        }
    }

    [GeneratedRegex("^store ([1-9][0-9]{0,8}), retain ([1-9][0-9]{0,8})$")]
    private static partial Regex Pattern();
}
