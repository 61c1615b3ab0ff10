using System.Net.Sockets;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Gateway.Listeners;

/// <summary>Binds a Unix domain socket. Its file is removed when the socket is disposed.</summary>
internal static class UnixSocket
{
    private const int NoSuchDeviceOrAddress = 6; // ENXIO: what open(2) says of a socket

    /// <exception cref="StartupException">The path cannot be bound.</exception>
    public static Socket Bind(ListenerOptions listener)
    {
        var path = listener.Address;
        if (UnixPath.WhyNot(listener) is { } fault)
        {
            throw new StartupException(fault);
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            RemoveStale(path);
            socket.Bind(new UnixDomainSocketEndPoint(path));
            if (UnixPath.ModeOf(listener) is { } mode && !OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(path, mode); // before the socket listens
            }

            return socket;
        }
        catch (Exception e) when (e is SocketException or IOException or UnauthorizedAccessException)
        {
            socket.Dispose();
            throw new StartupException(UnixPath.CannotListen(listener, Explain(e, path)), e);
        }
    }

    /// <summary>Removes the file that a killed broker left behind, which no other can bind. Connecting tells whether a process still listens.</summary>
    private static void RemoveStale(string path)
    {
        if (!IsSocket(path))
        {
            return;
        }

        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        probe.Blocking = false; // a full backlog is an answer too
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
        {
            File.Delete(path);
        }
        catch (SocketException)
        {
            // a process listens on it: binding fails and says so
        }
    }

    private static bool IsSocket(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        try
        {
            // For reading and writing: a FIFO then does not wait for its other end.
            File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite).Dispose();
            return false;
        }
        catch (IOException e)
        {
            return e.HResult == NoSuchDeviceOrAddress;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string Explain(Exception e, string path)
    {
        if (e is SocketException { SocketErrorCode: SocketError.AddressAlreadyInUse })
        {
            return IsSocket(path)
                ? "another program listens there. Stop it, or choose another path"
                : "the path exists and is no socket. Remove it, or choose another path";
        }
        if (UnixPath.WhyNoDirectory(path) is { } cause)
        {
            return cause;
        }

        return e is UnauthorizedAccessException or SocketException { SocketErrorCode: SocketError.AccessDenied }
            ? "the broker's user may not create it. Give it the right to write to the directory, or choose another path"
            : $"{e.Message}. Choose another path";
    }
}
