using System.Net;
using System.Net.Sockets;
using GrainMQ.Gateway.Listeners;

namespace GrainMQ.Gateway.Configuration;

/// <summary>Checks what no single value shows: whether the options make sense together.</summary>
public static class OptionsValidation
{
    /// <returns>One line per fault, with its cure.</returns>
    public static IEnumerable<string> Check(GatewayOptions options)
    {
        if (options.Listeners.Count == 0)
        {
            yield return "There is no listener. Give at least one of --tcp, --tls, --ws, --wss and --quic an ADDR[:PORT], or --unix a PATH.";
        }

        foreach (var error in RoleValidation.Check(options))
        {
            yield return error;
        }

        foreach (var error in options.Grains.Errors())
        {
            yield return $"Grains:{error}";
        }

        foreach (var error in options.Store.Errors())
        {
            yield return $"Store:{error}";
        }

        foreach (var error in MemoryValidation.Check(options))
        {
            yield return error;
        }

        foreach (var error in TlsValidation.Check(options))
        {
            yield return error;
        }

        var taken = new Dictionary<(EndPoint, bool IsUdp), string>();
        foreach (var listener in options.Listeners)
        {
            if (WhyNoAddress(listener, out var endPoint) is { } fault)
            {
                yield return fault;
                continue;
            }
            var key = (endPoint, listener.Kind == ListenerKind.Quic);
            if (endPoint is not IPEndPoint { Port: 0 } && !taken.TryAdd(key, listener.Name))
            {
                yield return $"Listeners '{taken[key]}' and '{listener.Name}' both want {endPoint}. Give one of them another.";
            }

            if (IsOpenToOthers(listener, endPoint, options))
            {
                yield return OpenToOthers(listener);
            }
        }
    }

    private static string? WhyNoAddress(ListenerOptions listener, out EndPoint endPoint)
    {
        endPoint = new IPEndPoint(IPAddress.None, 0);
        if (listener.Kind == ListenerKind.Unix)
        {
            if (UnixPath.WhyNot(listener) is { } fault)
            {
                return fault;
            }

            endPoint = new UnixDomainSocketEndPoint(listener.Address);
            return null;
        }
        if (!ListenAddress.TryParse(listener, out var address))
        {
            return ListenAddress.Fault(listener);
        }

        endPoint = address;
        if (listener is { Kind: ListenerKind.Quic, ProxyProtocol: true })
        {
            return $"Listeners:{listener.Name}:ProxyProtocol has no effect on a quic listener: the header is for streams.";
        }

        return listener.Permissions is null ? null : $"Listeners:{listener.Name}:Permissions has no effect on a {listener.KindText} listener: only the file of a unix one has any.";
    }

    private static bool IsOpenToOthers(ListenerOptions listener, EndPoint endPoint, GatewayOptions options) =>
        // A Unix domain socket is for this machine only, but a proxy in front of it may let in any client.
        (listener.ProxyProtocol || (endPoint is IPEndPoint address && !ListenAddress.IsLoopback(address)))
        && !(listener.IsSecure && listener.ClientCertificateMode(options.Tls) == ClientCertificateMode.Require)
        && options.Security is { AllowAnonymous: null, PasswordFile: null };

    private static string OpenToOthers(ListenerOptions listener) =>
        $"Listener '{listener.Name}' on {listener.Address} can be reached from other machines and no authenticator is configured: any client " +
        "could connect. Name the users with --password-file FILE (Security:PasswordFile), set --allow-anonymous true (Security:AllowAnonymous) " +
        "to accept that, or listen on 127.0.0.1.";
}
