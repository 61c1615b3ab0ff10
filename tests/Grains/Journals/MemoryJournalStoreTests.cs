using GrainMQ.Grains.Journals;
using Xunit;

namespace GrainMQ.Tests.Grains.Journals;

public sealed class MemoryJournalStoreTests
{
    private readonly MemoryJournalStore<string, string> _store = new();

    [Fact]
    public async Task ChangesAreReadInOrder()
    {
        var (first, _) = await OpenAsync(0, 100);
        Assert.Equal(JournalResult.Ok, await AppendAsync(first, "a"));
        Assert.Equal(JournalResult.Ok, await AppendAsync(first, "b"));

        var (second, state) = await OpenAsync(0, 100);

        Assert.Equal(["a", "b"], state.Changes);
        Assert.Null(state.Snapshot);
        Assert.Equal((100, 101), (first.Epoch, second.Epoch));
    }

    [Fact]
    public async Task SnapshotReplacesWhatCameBefore()
    {
        var (journal, _) = await OpenAsync();
        await AppendAsync(journal, "a");
        await journal.ReplaceAsync("A", journal.Mark());
        await AppendAsync(journal, "b");

        var (_, state) = await OpenAsync();

        Assert.Equal("A", state.Snapshot);
        Assert.Equal(["b"], state.Changes);
    }

    [Fact]
    public async Task OlderEpochIsRefused() // I10
    {
        var (old, _) = await OpenAsync();
        var (current, _) = await OpenAsync();

        Assert.Equal(JournalResult.Fenced, await AppendAsync(old, "lost"));
        Assert.Equal(JournalResult.Fenced, await old.ReplaceAsync("lost", old.Mark()));
        Assert.False(await old.IsCurrentAsync());
        Assert.True(await current.IsCurrentAsync());
        Assert.Equal(JournalResult.Ok, await AppendAsync(current, "kept"));
        Assert.Equal(["kept"], (await OpenAsync()).State.Changes);
    }

    [Fact]
    public async Task ShardsAreSeparate()
    {
        var (zero, _) = await OpenAsync();
        await OpenAsync(1);

        Assert.Equal(JournalResult.Ok, await AppendAsync(zero, "a"));
        Assert.Empty((await OpenAsync(1)).State.Changes);
    }

    [Fact]
    public async Task WritersThatRaceNeverBothWin()
    {
        // every writer opens for itself; what it was told to be committed must be there at the end, under a rising epoch
        var committed = await Task.WhenAll(Enumerable.Range(0, 8).Select(writer => Task.Run(async () =>
        {
            var own = new List<string>();
            for (var i = 0; i < 500; i++)
            {
                var (journal, _) = await OpenAsync();
                if (await AppendAsync(journal, $"{journal.Epoch}/{writer}") == JournalResult.Ok)
                {
                    own.Add($"{journal.Epoch}/{writer}");
                }
            }
            return own;
        })));

        var all = (await OpenAsync()).State.Changes;

        Assert.Equal(committed.SelectMany(own => own).Order(), all.Order());
        var epochs = all.Select(change => long.Parse(change.Split('/')[0])).ToArray();
        Assert.Equal(epochs.Order(), epochs);
    }

    private async Task<(IShardJournal<string, string> Journal, PlayedState State)> OpenAsync(int shard = 0, long leastEpoch = 1)
    {
        var state = new PlayedState();
        var opening = await _store.OpenAsync(shard, leastEpoch, state);
        return (opening.Journal ?? throw new InvalidOperationException("Memory is always there."), state);
    }

    private static async Task<JournalResult> AppendAsync(IShardJournal<string, string> journal, string change) =>
        (await journal.AppendAsync(change)).Result;
}
