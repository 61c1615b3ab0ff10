using GrainMQ.Grains;

namespace GrainMQ.Gateway.Hosting;

/// <summary>
/// How many shards the logs of a data directory were made for. Another number would look for sessions in logs that do not have them, so
/// the first start writes it down and every later one compares.
/// </summary>
internal static class ShardLayout
{
    private const string FileName = "grainmq.shards";

    /// <exception cref="StartupException">The directory was made for other numbers, or they cannot be read or written.</exception>
    public static void Check(DataDirectory data, GrainOptions options)
    {
        var file = Path.Combine(data.Path, FileName);
        var wanted = $"store {options.StoreShards}, retain {options.RetainShards}";
        try
        {
            if (!File.Exists(file))
            {
                File.WriteAllText($"{file}.new", wanted);
                File.Move($"{file}.new", file);
                return;
            }

            var found = File.ReadAllText(file);
            if (found != wanted)
            {
                throw new StartupException(
                    $"Data directory '{data.Path}' was made with other shards ({found}) than configured ({wanted}). " +
                    "Set Grains:StoreShards and Grains:RetainShards to those numbers, or choose another directory with --data DIR.");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"'{file}' cannot be read or written: {e.Message} Give the broker's user the right to it.", e);
        }
    }
}
