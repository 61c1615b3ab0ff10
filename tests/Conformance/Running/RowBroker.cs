using GrainMQ.Gateway.Configuration;
using GrainMQ.Gateway.Security;
using GrainMQ.Tests.Conformance.Rows;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace GrainMQ.Tests.Conformance.Running;

/// <summary>The broker that a row is played against, with a clock that stands still until the row moves it.</summary>
internal abstract class RowBroker : IAsyncDisposable
{
    private readonly TemporaryDirectory? _directory;

    /// <param name="row">Has the options and users that the broker starts with.</param>
    protected RowBroker(Row row)
    {
        Row = row;
        if (row.Users.Length > 0)
        {
            _directory = new TemporaryDirectory();
            File.WriteAllLines(_directory.File("users"), row.Users);
        }
    }

    private Row Row { get; }

    /// <summary>A new connection of a client.</summary>
    public abstract Task<RowClient> OpenAsync();

    /// <summary>Completes when everything that was sent has arrived, and everything that it causes has happened.</summary>
    public abstract Task SettledAsync();

    public abstract void Advance(TimeSpan by);

    public virtual ValueTask DisposeAsync()
    {
        _directory?.Dispose();
        return ValueTask.CompletedTask;
    }

    protected void Configure(GatewayOptions options)
    {
        options.Security.PasswordFile = _directory?.File("users");
        foreach (var (path, value) in Row.Options)
        {
            OptionPath.Set(options, path, value);
        }
    }

    /// <summary>Rows hold the bytes of a whole exchange, so the broker's part of the nonce is always that of RFC 7677.</summary>
    protected void Replace(IServiceCollection services)
    {
        if (Row.Users.Length > 0)
        {
            services.Replace(ServiceDescriptor.Singleton<IEnhancedAuthenticator, RfcScram>());
        }
    }

    private sealed class RfcScram(PasswordUsers users) : IEnhancedAuthenticator
    {
        public string Method => ScramVerifier.Mechanism;

        public IAuthenticationExchange Begin(AuthenticationRequest request) => new ScramExchange(users, "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0");
    }
}

/// <summary>A client's end of one connection: whole packets come out of it.</summary>
internal abstract class RowClient
{
    public abstract Task SendAsync(byte[] bytes);

    /// <summary>Null when the broker has closed the connection.</summary>
    public abstract Task<byte[]?> ReceivePacketAsync();

    /// <summary>The network fails.</summary>
    public abstract void Drop();
}
