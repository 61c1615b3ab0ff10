using System.Net.Quic;
using System.Runtime.Versioning;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Says whether this machine can speak QUIC: System.Net.Quic looks for libmsquic at the first use.</summary>
public static class QuicSupport
{
    [SupportedOSPlatformGuard("linux")]
    [SupportedOSPlatformGuard("macos")]
    [SupportedOSPlatformGuard("windows")]
    public static bool IsAvailable =>
        (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS() || OperatingSystem.IsWindows()) && QuicListener.IsSupported;

    /// <summary>The line for the operator when QUIC is not available, with the cure.</summary>
    public static string MissingMessage(ListenerOptions listener) =>
        $"Listener '{listener.Name}' needs libmsquic 2.2.2 or later for QUIC, which this machine does not have. Install package 'libmsquic': on " +
        "Debian and Ubuntu from packages.microsoft.com, on Alpine from its own community repository; Windows brings it, from Windows 11 or " +
        $"Server 2022 on, with TLS 1.3. Or do without the listener: --quic none (Listeners:{listener.Name}:Address=none).";
}
