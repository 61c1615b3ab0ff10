using GrainMQ.Silo.Configuration;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Silo.Server;

/// <summary>Reads the options of one start: defaults, then the file, then the environment, then the command line.</summary>
internal static class SiloConfiguration
{
    /// <summary>Binds and validates; errors are all that were found, one line each.</summary>
    /// <param name="file">JSON file; null = none. No file is read that was not named.</param>
    /// <param name="commandLine">In its order.</param>
    public static (SiloOptions Options, IReadOnlyList<string> Errors) Load(string? file, IEnumerable<Setting> commandLine)
    {
        var options = new SiloOptions();
        var binder = new SectionBinder(options, OptionKey.Of(typeof(SiloOptions)), []);
        try
        {
            foreach (var setting in (Setting[])[.. file is null ? [] : SettingSources.File(file), .. SettingSources.Environment(), .. commandLine])
            {
                binder.Apply(setting);
            }
        }
        catch (StartupException e)
        {
            return (options, [e.Message]);
        }
        return (options, binder.Errors.Count > 0 ? binder.Errors : [.. Faults(options)]);
    }

    private static IEnumerable<string> Faults(SiloOptions options) =>
    [
        .. options.Cluster.Errors().Select(error => $"Cluster:{error}"),
        .. options.Grains.Errors().Select(error => $"Grains:{error}"),
        .. options.Store.Errors().Select(error => $"Store:{error}"),
    ];
}
