using GrainMQ.Gateway.Connections;

namespace GrainMQ.Gateway.Delivery;

/// <summary>Retained messages come in pages and at the client's pace: they never push live messages out of the queue.</summary>
internal sealed partial class Session
{
    private TaskCompletionSource? _drained;
    private int _drainedBelow;

    /// <summary>Completed when all retained messages asked for so far were handed over; never fails. Changed by the connection's reader only.</summary>
    public Task RetainedSent { get; set; } = Task.CompletedTask;

    /// <summary>Puts a retained message behind what waits already; not subject to the live bound, since its sender waits for room.</summary>
    public void DeliverRetained(Connection connection, in QueuedDelivery delivery, Burst burst)
    {
        lock (_gate)
        {
            if (_connection != connection)
            {
                return; // the session went on elsewhere: retained messages are not sent again on resume
            }

            if (Fits(connection, delivery))
            {
                _backlog.Enqueue(delivery);
                Refill(connection);
            }
        }

        burst.Wake(connection);
    }

    /// <summary>Completed when fewer messages wait than that, or the connection is gone.</summary>
    public Task DrainedBelowAsync(Connection connection, int messages)
    {
        lock (_gate)
        {
            if (_connection != connection || _backlog.Count < messages)
            {
                return Task.CompletedTask;
            }

            _drainedBelow = _drained is null ? messages : Math.Min(messages, _drainedBelow);
            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>Call inside the gate after the backlog shrank or the connection went.</summary>
    private void SignalDrained()
    {
        if (_drained is not null && (_connection is null || _backlog.Count < _drainedBelow))
        {
            _drained.SetResult();
            _drained = null;
        }
    }
}
