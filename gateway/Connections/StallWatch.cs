namespace GrainMQ.Gateway.Connections;

/// <summary>
/// Closes a connection that has bytes to write and makes no progress for <see cref="OutboundOptions.StallTimeout"/>. Armed only while a write is
/// pending.
/// </summary>
internal sealed class StallWatch(Connection connection, OutboundWriter writer, ConnectionEnvironment environment) : WheelEntry
{
    private TimeSpan Timeout => environment.Outbound.StallTimeout;

    /// <summary>A write is pending.</summary>
    public void Arm()
    {
        if (!IsArmed && !connection.IsClosing)
        {
            environment.Wheel.Schedule(this, Timeout);
        }
    }

    public override void OnDue()
    {
        var since = writer.BlockedSince;
        var blocked = TimeSpan.FromMilliseconds(environment.Wheel.Now - since);
        if (since == 0 || connection.IsClosing)
        {
            return;
        }

        if (blocked < Timeout)
        {
            environment.Wheel.Schedule(this, Timeout - blocked);
            return;
        }

        if (connection.IsDataStream)
        {
            ConnectionLog.StreamStalled(environment.Logger, connection.Id, connection.Client.Id, connection.RemoteEndPoint, connection.Outbound.Count);
        }
        else
        {
            ConnectionLog.Stalled(environment.Logger, connection.Client.Id, connection.RemoteEndPoint, connection.Outbound.Count);
        }

        connection.Close(CloseCause.Stalled);
    }
}
