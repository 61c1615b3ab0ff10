using GrainMQ.Gateway.Security;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Broker;

/// <summary>A broker that lets only users of its password file in.</summary>
public sealed class PasswordGateway : IAsyncLifetime
{
    public const string User = "alice";
    public const string Password = "correct horse";

    private readonly TemporaryDirectory _directory = new();
    private SocketGateway? _gateway;

    internal SocketGateway Gateway => _gateway ?? throw new InvalidOperationException("The broker is not started.");

    public async ValueTask InitializeAsync()
    {
        PasswordFileEdit.Set(_directory.File("users"), User, ScramVerifier.Create("correct horse"u8));
        _gateway = await SocketGateway.StartAsync(configure: options => options.Security.PasswordFile = _directory.File("users"));
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        _directory.Dispose();
    }
}
