using GrainMQ.Grains.Storage;
using Xunit;

namespace GrainMQ.Tests.Grains.Storage;

public sealed class MemoryShardJournalTests
{
    private readonly MemoryShardJournal<string, string> _journal = new();

    [Fact]
    public async Task ChangesAreReadInOrder()
    {
        var first = await _journal.OpenAsync(0, 100);
        Assert.True(await _journal.AppendAsync(0, first.Epoch, "a"));
        Assert.True(await _journal.AppendAsync(0, first.Epoch, "b"));

        var second = await _journal.OpenAsync(0, 100);

        Assert.Equal(["a", "b"], second.Changes);
        Assert.Null(second.Snapshot);
        Assert.Equal(100, first.Epoch);
        Assert.Equal(101, second.Epoch);
    }

    [Fact]
    public async Task SnapshotReplacesWhatCameBefore()
    {
        var opened = await _journal.OpenAsync(0, 1);
        await _journal.AppendAsync(0, opened.Epoch, "a");
        await _journal.ReplaceAsync(0, opened.Epoch, "A");
        await _journal.AppendAsync(0, opened.Epoch, "b");

        var again = await _journal.OpenAsync(0, 1);

        Assert.Equal("A", again.Snapshot);
        Assert.Equal(["b"], again.Changes);
    }

    [Fact]
    public async Task OlderEpochIsRefused()
    {
        var old = await _journal.OpenAsync(0, 1);
        var current = await _journal.OpenAsync(0, 1);

        Assert.False(await _journal.AppendAsync(0, old.Epoch, "lost"));
        Assert.False(await _journal.ReplaceAsync(0, old.Epoch, "lost"));
        Assert.False(await _journal.IsCurrentAsync(0, old.Epoch));
        Assert.True(await _journal.IsCurrentAsync(0, current.Epoch));
        Assert.True(await _journal.AppendAsync(0, current.Epoch, "kept"));
        Assert.Equal(["kept"], (await _journal.OpenAsync(0, 1)).Changes);
    }

    [Fact]
    public async Task ShardsAreSeparate()
    {
        var zero = await _journal.OpenAsync(0, 1);
        await _journal.OpenAsync(1, 1);

        Assert.True(await _journal.AppendAsync(0, zero.Epoch, "a"));
        Assert.Empty((await _journal.OpenAsync(1, 1)).Changes);
        Assert.False(await _journal.AppendAsync(2, 1, "never opened"));
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
                var epoch = (await _journal.OpenAsync(0, 1)).Epoch;
                if (await _journal.AppendAsync(0, epoch, $"{epoch}/{writer}"))
                    own.Add($"{epoch}/{writer}");
            }
            return own;
        })));

        var all = (await _journal.OpenAsync(0, 1)).Changes;

        Assert.Equal(committed.SelectMany(own => own).Order(), all.Order());
        var epochs = all.Select(change => long.Parse(change.Split('/')[0])).ToArray();
        Assert.Equal(epochs.Order(), epochs);
    }
}
