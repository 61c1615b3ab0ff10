using GrainMQ.Gateway.Listeners;
using GrainMQ.Silo.Configuration;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Configuration;

/// <summary>Reads the options of one start: defaults, then the file, then the environment, then the command line.</summary>
/// <param name="File">JSON file; null = none. No file is read that was not named.</param>
/// <param name="Addresses">Per kind of listener, the addresses that the command line gives; a kind that is not there keeps what it has.</param>
/// <param name="CommandLine">All other settings of the command line, in its order.</param>
public sealed record GatewayConfiguration(
    string? File,
    IReadOnlyDictionary<ListenerKind, IReadOnlyList<string>> Addresses,
    IReadOnlyList<Setting> CommandLine)
{
    /// <summary>Binds and validates; errors are all that were found, one line each.</summary>
    public (GatewayOptions Options, IReadOnlyList<string> Errors) Load()
    {
        var options = new GatewayOptions();
        var binder = new OptionsBinder(options);
        try
        {
            if (File is not null)
            {
                binder.Apply(SettingSources.File(File));
            }
        }
        catch (StartupException e)
        {
            return (options, [e.Message]);
        }
        binder.Apply(SettingSources.Environment());
        foreach (var (kind, addresses) in Addresses)
        {
            binder.SetAddresses(kind, addresses);
        }

        binder.Apply(CommandLine);
        binder.Complete();
        return (options, binder.Errors.Count > 0 ? binder.Errors : [.. OptionsValidation.Check(options)]);
    }
}
