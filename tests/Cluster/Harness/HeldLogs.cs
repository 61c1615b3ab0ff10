using GrainMQ.Grains.LogStore;
using GrainMQ.Tests.Testing.LogStore;

namespace GrainMQ.Tests.Cluster;

/// <summary>Logs that hold up one append when a test asks for it, before it is made or before its answer is given.</summary>
internal sealed class HeldLogs(ILogStore inner) : PassingLogStore(inner)
{
    private Hold? _next;

    /// <summary>Of the next append that is made to any log.</summary>
    public Hold HoldNext(bool stored) => _next = new Hold(stored);

    protected override IWriteAheadLog Wrap(IWriteAheadLog log) => new HeldLog(log, this);

    /// <param name="stored">The append is made, and only its answer is held.</param>
    public sealed class Hold(bool stored)
    {
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Completes when an append is held.</summary>
        public Task Reached => _reached.Task;

        public void Release() => _released.TrySetResult();

        public async ValueTask<AppendReply> AppendAsync(Func<ValueTask<AppendReply>> append)
        {
            if (!stored)
            {
                await PauseAsync();
            }

            var reply = await append();
            if (stored)
            {
                await PauseAsync();
            }

            return reply;
        }

        private Task PauseAsync()
        {
            _reached.TrySetResult();
            return _released.Task;
        }
    }

    private sealed class HeldLog(IWriteAheadLog log, HeldLogs logs) : PassingLog(log)
    {
        public override ValueTask<AppendReply> AppendAsync(LogBatch batch) =>
            Interlocked.Exchange(ref logs._next, null) is { } hold ? hold.AppendAsync(() => base.AppendAsync(batch)) : base.AppendAsync(batch);
    }
}
