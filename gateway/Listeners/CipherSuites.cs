using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using GrainMQ.Silo.Configuration;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Reads <c>Tls:CipherSuites</c>.</summary>
internal static class CipherSuites
{
    /// <summary>Returns whether TLS 1.3 can use one of the cipher suites; true without a list.</summary>
    public static bool HaveTls13(TlsOptions tls) => tls.CipherSuites is not { } text || Parse(text).Exists(IsTls13);

    /// <returns>Null when none are set: the platform's.</returns>
    /// <exception cref="StartupException">They cannot be used.</exception>
    [SuppressMessage("Interoperability", "CA1416", Justification = "PlatformNotSupportedException is answered.")]
    public static CipherSuitesPolicy? Policy(TlsOptions tls)
    {
        if (tls.CipherSuites is not { } text)
        {
            return null;
        }

        var suites = Parse(text);
        if (suites.Count == 0)
        {
            throw new StartupException("Tls:CipherSuites names no cipher suite. Remove the setting to use those of the platform.");
        }

        if (tls.MinimumVersion == TlsVersion.Tls13 && !suites.Exists(IsTls13))
        {
            throw new StartupException("Tls:CipherSuites names no cipher suite of TLS 1.3, and Tls:MinimumVersion is Tls13: no client could connect. Add one, such as TLS_AES_128_GCM_SHA256.");
        }

        try
        {
            return new CipherSuitesPolicy(suites);
        }
        catch (PlatformNotSupportedException e)
        {
            throw new StartupException(
                "Tls:CipherSuites is not supported here: Windows sets the cipher suites of the whole machine (Enable-TlsCipherSuite, group policy). Remove the setting.", e);
        }
    }

    private static List<TlsCipherSuite> Parse(string list) =>
        [.. list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(ParseOne)];

    private static TlsCipherSuite ParseOne(string name) =>
        Enum.TryParse<TlsCipherSuite>(name, ignoreCase: true, out var suite) && Enum.IsDefined(suite) && !char.IsAsciiDigit(name[0])
            ? suite
            : throw new StartupException(
                $"Tls:CipherSuites: '{name}' is not a cipher suite. Did you mean {NearestName.Of(name, Enum.GetNames<TlsCipherSuite>())}?");

    private static bool IsTls13(TlsCipherSuite suite) => (ushort)suite >> 8 == 0x13;
}
