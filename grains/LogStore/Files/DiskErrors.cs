namespace GrainMQ.Grains.LogStore.Files;

/// <summary>Tells a full disk from a broken one.</summary>
public static class DiskErrors
{
    private const int NoSpace = 28; // ENOSPC of Linux and macOS
    private const int QuotaLinux = 122;
    private const int QuotaMac = 69;
    private const int WindowsDiskFull = unchecked((int)0x80070070);
    private const int LockedLinux = 11; // EWOULDBLOCK
    private const int LockedMac = 35;
    private const int WindowsSharing = unchecked((int)0x80070020);

    public static bool IsFull(IOException error) => error is DiskFullException || IsFull(error.HResult);

    public static bool IsFull(int code) => code is NoSpace or WindowsDiskFull
        || code == QuotaLinux && OperatingSystem.IsLinux() || code == QuotaMac && OperatingSystem.IsMacOS();

    /// <summary>Another process has the file for itself.</summary>
    public static bool IsTaken(IOException error) => error.HResult switch
    {
        LockedLinux => OperatingSystem.IsLinux(),
        LockedMac => OperatingSystem.IsMacOS(),
        var code => code == WindowsSharing,
    };

    public static void Translate(Action action) => Translate(() =>
    {
        action();
        return true;
    });

    public static T Translate<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (UnauthorizedAccessException e)
        {
            throw new IOException(e.Message, e);
        }
        catch (IOException e) when (IsFull(e) && e is not DiskFullException)
        {
            throw new DiskFullException(e.Message, e);
        }
    }
}
