using System.Net;

namespace GrainMQ.Gateway.Transports.Quic;

/// <summary>
/// What the gateway needs of a QUIC connection, and nothing more: the platform's in the product (<see cref="PlatformQuicLink"/>), one in
/// memory in the tests, so that every stream rule is tested where libmsquic is not installed.
/// </summary>
public interface IQuicLink : IAsyncDisposable
{
    EndPoint? RemoteEndPoint { get; }

    /// <summary>The next stream that the client opens, in its order. Throws <see cref="IOException"/> when the connection has ended.</summary>
    ValueTask<IQuicStream> AcceptStreamAsync();

    /// <summary>Ends the connection and every stream of it with an application error code. Idempotent, from any thread, never throws.</summary>
    void Close(long errorCode);
}
