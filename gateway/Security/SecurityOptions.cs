using System.ComponentModel.DataAnnotations;
using GrainMQ.Silo.Configuration;

namespace GrainMQ.Gateway.Security;

/// <summary>Configures which clients may connect; section <c>Security</c>.</summary>
public sealed class SecurityOptions
{
    /// <summary>
    /// Whether clients without credentials are let in. Null: with a <see cref="PasswordFile"/> no; without one yes, as long as every
    /// listener is on a loopback address; any other listener is then a start-up error. Default: null.
    /// </summary>
    public bool? AllowAnonymous { get; set; }

    /// <summary>
    /// File of users and password verifiers as <c>gateway passwd</c> writes it; read again when it changes. Clients show user name and
    /// password, or use the Authentication Method SCRAM-SHA-256 (MQTT 5 §4.12). Null: none. Default: null.
    /// </summary>
    [FilePath]
    public string? PasswordFile { get; set; }

    /// <summary>
    /// How many passwords are checked at once; the others wait their turn, up to <c>Connections:ConnectTimeout</c>, and are then refused
    /// with 0x89 (Server busy). 0: half as many as there are processors, at least 1. Default: 0.
    /// </summary>
    [Range(0, 1024)]
    public int PasswordChecks { get; set; }

    internal bool IsAnonymousAllowed => AllowAnonymous ?? PasswordFile is null;
}
