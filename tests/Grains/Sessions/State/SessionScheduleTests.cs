using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Grains.Sessions.Changes;
using GrainMQ.Grains.Sessions.Codec;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.Sessions.State;

/// <summary>
/// The table against its oracle over random schedules of CONNECT, the connection's end, lost gateways, messages, reports and time, with
/// the table thrown away and read back from the records of its log at any moment (I7, I11). Every will is published at most once, and
/// exactly when it should be.
/// </summary>
public sealed class SessionScheduleTests
{
    private static readonly GrainOptions Options = new() { StoreShards = 1 };

    [Theory]
    [InlineData(0, 150)]
    [InlineData(10_000, 150)]
    [InlineData(20_000, 150)]
    public void TableDoesWhatTheOracleSays(int firstSeed, int seeds)
    {
        for (var seed = firstSeed; seed < firstSeed + seeds; seed++)
        {
            new Schedule(seed).Run(steps: 120);
        }
    }

    private sealed class Schedule(int seed)
    {
        private static readonly string[] Keys = ["t/1", "t/2", "t/3"];
        private static readonly GatewayRef[] Gateways = [Sample.A, Sample.B];
        private static readonly uint[] Seconds = [0, 1, 5, 20, uint.MaxValue];

        private readonly Random _random = new(seed);
        private readonly SessionOracle _oracle = new();
        private readonly LogJournalStore<SessionSnapshot, SessionChange> _journals =
            new(MemoryLogStore.Create(new LogStoreOptions(), TimeProvider.System, NullLogger<SegmentLogStore>.Instance), new SessionCodec());

        private readonly List<string> _published = [];
        private readonly List<string> _publishedAtOpen = [];
        private readonly Dictionary<string, List<ulong>> _epochs = Keys.ToDictionary(key => key, _ => new List<ulong>());
        private IShardJournal<SessionSnapshot, SessionChange>? _journal;
        private StoreShardState _table = new(Options);
        private long _now = 1_000_000;
        private int _number;

        public void Run(int steps)
        {
            Open();
            for (var step = 0; step < steps; step++)
            {
                Step(Keys[_random.Next(Keys.Length)]);
                Check($"seed {seed}, step {step}");
            }
            Advance(1_000);
            Check($"seed {seed}, end");
        }

        private void Step(string key)
        {
            switch (_random.Next(12))
            {
                case < 3:
                    Open(key);
                    break;
                case < 6:
                    Close(key);
                    break;
                case 6:
                    Queue(key);
                    break;
                case 7:
                    Lose(Gateways[_random.Next(2)]);
                    break;
                case 8 or 9:
                    Finish(key);
                    break;
                case 10:
                    Advance(_random.Next(1, 7_000) / 1000.0);
                    break;
                default:
                    Restart();
                    break;
            }
        }

        private void Open(string key)
        {
            var will = _random.Next(3) > 0 ? $"will-{++_number}" : null;
            var request = Sample.Open(
                Gateways[_random.Next(2)], ++_number, _random.Next(3) == 0, Seconds[_random.Next(5)], will, Seconds[_random.Next(4)]);
            var epoch = _table.Sessions.NextEpoch(_now);
            var reply = _table.Attachment.Attach(key, request, epoch, _now);
            if (_table.Sessions.IsJournaled(key))
            {
                Commit(new Attached(_now, key, request, epoch, reply.DueWill is not null));
            }

            var expected = _oracle.Open(key, request, epoch);
            Assert.Equal(expected.Present, reply.SessionPresent);
            Assert.Equal(expected.Previous, reply.Previous?.Epoch);
            Assert.Equal(expected.Pending, reply.SessionPresent ? Pending(key, epoch).Texts : null);
            Assert.Equal(expected.DueWill, reply.DueWill is null ? null : Sample.Text(reply.DueWill));
            if (reply.DueWill is not null)
            {
                SetOff(Sample.Text(reply.DueWill), request.Gateway, epoch);
            }

            _epochs[key].Add(epoch);
        }

        /// <summary>The gateway publishes the will and says so, or is never heard of it.</summary>
        private void SetOff(string will, GatewayRef gateway, ulong epoch)
        {
            if (_random.Next(2) == 0)
            {
                _oracle.Hand(will, gateway, _now);
                return;
            }
            long[] ids = [DueWill.IdOfWillSetOffBy(epoch)];
            _table.Wills.Complete(ids);
            Commit(new WillsCompleted(_now, ids));
            _publishedAtOpen.Add(will);
        }

        private void Close(string key)
        {
            if (_epochs[key] is not { Count: > 0 } epochs)
            {
                return;
            }

            var epoch = _random.Next(4) > 0 ? epochs[^1] : epochs[_random.Next(epochs.Count)];
            var pending = Enumerable.Range(0, _random.Next(3)).Select(_ => Sample.Pending($"p{++_number}")).ToArray();
            var request = Sample.Close(Seconds[_random.Next(5)], _random.Next(2) == 0 ? WillAction.Arm : WillAction.Discard, pending);
            var isJournaled = _table.Sessions.IsJournaled(key);
            var result = _table.Detachment.Detach(key, epoch, request, _now, out var done);
            if (done is not null && isJournaled)
            {
                Commit(done.Change, done.Messages);
            }

            Assert.Equal(_oracle.Close(key, epoch, request, _now), result);
        }

        private void Queue(string key)
        {
            var batch = Sample.Batch(Sample.A, ++_number, key, 1, $"m{_number}");
            var outcome = _table.Intake.Enqueue(batch, _now);
            Commit(outcome.Change, outcome.Messages);
            _oracle.Queue(key, $"m{_number}");
        }

        /// <summary>Some deliveries of a connected session end; the report comes once or twice.</summary>
        private void Finish(string key)
        {
            if (_table.Sessions.Info(key).Owner is not { } owner || !_table.Sessions.IsJournaled(key))
            {
                return;
            }

            var pending = Pending(key, owner.Epoch);
            var count = _random.Next(pending.Numbers.Length + 1);
            var done = pending.Numbers[..count].SelectMany(number => new[] { number, number }).ToArray();
            var batch = new ProgressBatch(owner.Gateway, [new SessionProgress(key, owner.Epoch, done, [], [])]);
            for (var i = _random.Next(2); i >= 0; i--)
            {
                Assert.Empty(_table.Progress.Note(batch));
                Commit(new Reported(_now, batch));
            }
            _oracle.Finish(key, count);
        }

        private (string[] Texts, long[] Numbers) Pending(string key, ulong epoch)
        {
            var resume = _table.Pages.Resume(key, epoch, _now, true);
            QueueItem[] items = resume is null ? [] : [.. resume.Front, .. resume.Page.Items];
            var bytes = new byte[]?[items.Length];
            Wait(Journal.ReadAsync([.. items.Select(item => item.Message.Offset)], bytes));
            return ([.. bytes.Select(message => Sample.Text(message ?? []))], [.. items.Select(item => item.Number)]);
        }

        private IShardJournal<SessionSnapshot, SessionChange> Journal => _journal ?? throw new InvalidOperationException("Not open.");

        private void Commit(SessionChange change, StoredMessage[]? messages = null)
        {
            var reply = Wait(Journal.AppendAsync(change));
            Assert.Equal(JournalResult.Ok, reply.Result);
            for (var at = 0; at < messages?.Length; at++)
            {
                messages[at].Commit(reply.FirstMessage + at);
            }
        }

        private void Open()
        {
            _table = new StoreShardState(Options);
            var opening = Wait(_journals.OpenAsync(0, 0, _table));
            Assert.Null(opening.Fault);
            _journal = opening.Journal;
        }

        /// <summary>A log in memory has done everything when it returns.</summary>
        private static T Wait<T>(ValueTask<T> task) => task.AsTask().GetAwaiter().GetResult();

        private void Lose(GatewayRef gateway)
        {
            _table.Lifecycle.Lose(gateway, _now);
            Commit(new GatewayLost(_now, gateway));
            _oracle.Lose(gateway, _now);
        }

        private void Advance(double seconds)
        {
            _now += (long)(seconds * 1000);
            _table.FireDue(_now);
            _oracle.Advance(_now);
        }

        /// <summary>The activation is killed. Sessions without a future are named again by their gateways.</summary>
        private void Restart()
        {
            var live = Keys.Where(key => _table.Sessions.Info(key).Owner is not null && !_table.Sessions.IsJournaled(key))
                .Select(key => new ReattachEntry(key, _table.Sessions.Info(key).Owner!, 0, null, [])).ToArray(); // not null: just asked
            if (_random.Next(2) == 0)
            {
                Assert.Equal(JournalResult.Ok, Wait(Journal.ReplaceAsync(_table.Snapshot(), Journal.Mark())));
            }

            Open();
            foreach (var entry in live)
            {
                _oracle.Find(entry.Key)?.Queue.Clear(); // what was queued for the connection alone went with the memory
            }

            foreach (var entry in live)
            {
                Assert.Empty(_table.Attachment.Reattach(new ReattachBatch(entry.Owner.Gateway, [entry])));
            }

            _table.FireDue(_now);
        }

        private void Check(string where)
        {
            var work = _table.Wills.Available(100, int.MaxValue);
            long[] ids = [.. work.Select(item => item.Id)];
            if (ids.Length > 0)
            {
                Commit(new WillsCompleted(_now, ids));
            }

            _table.Wills.Complete(ids);
            _published.AddRange(Sample.Texts(work));
            Assert.True(_oracle.Published.Order().SequenceEqual(_published.Order()), where);
            Assert.True(_published.Concat(_publishedAtOpen).Distinct().Count() == _published.Count + _publishedAtOpen.Count, where);
            foreach (var key in Keys)
            {
                CheckSession(_oracle.Find(key), _table.Sessions.Info(key), where);
            }
        }

        private static void CheckSession(SessionOracle.Session? expected, SessionInfo actual, string where)
        {
            Assert.True((expected is not null) == actual.Exists, where);
            if (expected is null)
            {
                return;
            }

            Assert.True(expected.Epoch == actual.Epoch, where);
            Assert.True((expected.IsAttached ? expected.Epoch : null) == actual.Owner?.Epoch, where);
            Assert.True(expected.Queue.Count + expected.Front.Count == actual.Queued, where);
            Assert.True((!expected.IsAttached && expected.Will is not null) == actual.WillArmed, where);
        }
    }
}
