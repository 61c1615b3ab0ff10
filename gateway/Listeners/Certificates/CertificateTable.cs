namespace GrainMQ.Gateway.Listeners.Certificates;

/// <summary>
/// Chooses the certificate for the host that a client asks for (SNI, RFC 6066 §3): the one with exactly this name, else the one with a wildcard
/// for its first label, else the first. Of several certificates with one name the first wins.
/// </summary>
public sealed class CertificateTable
{
    private readonly IReadOnlyList<ServerCertificate> _certificates;
    private readonly Lock _gate = new();
    private volatile Dictionary<string, ServerCertificate> _byName = [];

    /// <param name="certificates">At least one.</param>
    public CertificateTable(IReadOnlyList<ServerCertificate> certificates)
    {
        _certificates = certificates;
        Build();
        foreach (var certificate in certificates)
        {
            certificate.Changed += Build; // a new certificate may be for other names
        }
    }

    public ServerCertificate Find(string? serverName)
    {
        if (string.IsNullOrEmpty(serverName))
        {
            return _certificates[0];
        }

        var byName = _byName;
        if (byName.TryGetValue(serverName, out var found))
        {
            return found;
        }

        var dot = serverName.IndexOf('.');
        return dot > 0 && byName.TryGetValue($"*{serverName[dot..]}", out found) ? found : _certificates[0];
    }

    private void Build()
    {
        lock (_gate)
        {
            var byName = new Dictionary<string, ServerCertificate>(StringComparer.OrdinalIgnoreCase);
            foreach (var certificate in _certificates)
            {
                foreach (var name in certificate.Current.ServerNames)
                {
                    byName.TryAdd(name, certificate);
                }
            }
            _byName = byName;
        }
    }
}
