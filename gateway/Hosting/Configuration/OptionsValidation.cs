using System.Net;
using GrainMQ.Gateway.Hosting.Listeners;

namespace GrainMQ.Gateway.Hosting.Configuration;

/// <summary>What no single value shows: whether the options make sense together.</summary>
public static class OptionsValidation
{
    /// <returns>One line per fault, with its cure.</returns>
    public static IEnumerable<string> Check(GatewayOptions options)
    {
        if (options.Listeners.Count == 0)
            yield return "There is no listener. Give at least one of --tcp, --tls, --ws, --wss and --quic an ADDR:PORT.";
        foreach (var error in options.Grains.Errors())
            yield return $"Grains:{error}";
        foreach (var error in TlsValidation.Check(options))
            yield return error;
        var taken = new Dictionary<IPEndPoint, string>();
        foreach (var listener in options.Listeners)
        {
            if (!ListenAddress.TryParse(listener.Address, out var endPoint))
            {
                yield return $"Listeners:{listener.Name}:Address: read '{listener.Address}', expected {ListenAddress.Expected}.";
                continue;
            }
            if (endPoint.Port != 0 && !taken.TryAdd(endPoint, listener.Name))
                yield return $"Listeners '{taken[endPoint]}' and '{listener.Name}' both want {endPoint}. Give one of them another port.";
            var requiresCertificates = listener.IsSecure && listener.ClientCertificateMode(options.Tls) == ClientCertificateMode.Require;
            if (!ListenAddress.IsLoopback(endPoint) && !requiresCertificates && options.Security is { AllowAnonymous: null, PasswordFile: null })
                yield return OpenToOthers(listener);
        }
    }

    private static string OpenToOthers(ListenerOptions listener) =>
        $"Listener '{listener.Name}' on {listener.Address} can be reached from other machines and no authenticator is configured: anybody " +
        "could connect. Name the users with --password-file FILE (Security:PasswordFile), set --allow-anonymous true (Security:AllowAnonymous) " +
        "to accept that, or listen on 127.0.0.1.";
}
