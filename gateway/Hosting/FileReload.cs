using GrainMQ.Gateway.Files;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Security;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Gateway.Hosting;

/// <summary>Reads everything again that is read again when it changes: certificates, keys, authorities, revocation lists and passwords.</summary>
internal sealed partial class FileReload(ListenerFactory listeners, IEnumerable<PasswordFileWatch> passwords, ILogger<FileReload> logger)
{
    public void Run()
    {
        IReloadable[] all = [.. passwords, .. listeners.Files];
        var usable = all.Count(files => files.Reload());
        LogReloaded(logger, usable, all.Length - usable);
    }

    [LoggerMessage(1008, LogLevel.Information, "SIGHUP: {Usable} files or sets of files were read again, {Unusable} cannot be used and the old ones stay. Options are read at the start alone.")]
    private static partial void LogReloaded(ILogger logger, int usable, int unusable);
}
