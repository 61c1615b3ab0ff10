using GrainMQ.Gateway.Protocol;
using GrainMQ.Gateway.Transports;

namespace GrainMQ.Gateway.Connections;

/// <summary>
/// The data streams that a client opens within its connection, where the transport has such (QUIC). Each is a <see cref="Connection"/> of its
/// own kind, with one reader, one ordered queue, one writer and a part of the session (invariant I1 holds for each); CONNECT, PINGREQ,
/// DISCONNECT and AUTH belong on the control stream. docs/decisions/0006.
/// </summary>
internal sealed class DataStreams(Connection control, ConnectionEnvironment environment)
{
    private readonly Lock _lock = new();
    private Connection[] _open = [];

    /// <summary>Those that are open.</summary>
    public IReadOnlyList<Connection> Open => Volatile.Read(ref _open);

    /// <summary>Serves the pipes that the client opens, until none will come.</summary>
    /// <param name="session">Of the control stream.</param>
    /// <param name="next">The first one.</param>
    public async Task ServeAsync(IConnectionSession session, Task<Transport?> next)
    {
        try
        {
            while (await next.ConfigureAwait(false) is { } pipe)
            {
                Serve(session, pipe);
                next = control.Transport.AcceptStreamAsync().AsTask();
            }
        }
        catch (Exception exception)
        {
            ConnectionLog.UnexpectedError(environment.Logger, control.Id, control.Client.Id, exception);
            control.Close(CloseCause.InternalError, ReasonCode.UnspecifiedError);
        }
    }

    /// <summary>Ends those that are open. One that is opened in the same moment sees the cause of the control stream.</summary>
    public void Close(CloseCause cause)
    {
        foreach (var stream in Open)
        {
            stream.Ending.Begin(cause, reason: null);
        }
    }

    /// <summary>A stream has ended.</summary>
    public void Remove(Connection stream)
    {
        lock (_lock)
        {
            _open = [.. _open.Where(other => other != stream)];
        }
    }

    private void Serve(IConnectionSession session, Transport pipe)
    {
        var stream = Connection.OpenStream(control, pipe, session);
        lock (_lock)
        {
            _open = [.. _open, stream];
        }

        if (control.IsClosing)
        {
            stream.Ending.Begin(control.Cause, reason: null);
        }

        _ = stream.RunAsync();
    }
}
