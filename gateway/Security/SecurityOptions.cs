namespace GrainMQ.Gateway.Security;

/// <summary>Who may connect; section <c>Security</c>.</summary>
public sealed class SecurityOptions
{
    /// <summary>
    /// Whether clients without credentials are let in. Null: yes, as long as every listener is on a loopback address; any other
    /// listener is then a start-up error. Default: null.
    /// </summary>
    public bool? AllowAnonymous { get; set; }
}
