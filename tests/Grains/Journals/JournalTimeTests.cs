using GrainMQ.Grains;
using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Directory;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace GrainMQ.Tests.Grains.Journals;

/// <summary>A journal says how far the clock had come, by its changes and by its snapshot.</summary>
public sealed class JournalTimeTests : IAsyncDisposable
{
    private readonly SegmentLogStore _logs = MemoryLogStore.Create(new LogStoreOptions(), new ManualTimeProvider(), NullLogger<SegmentLogStore>.Instance);

    [Fact]
    public async Task NewJournalSaysNothing() => Assert.Equal(0, (await OpenAsync()).Opening.At);

    [Fact]
    public async Task LastTimeIsThatOfTheLatestChange()
    {
        var (opening, _) = await OpenAsync();
        await AppendAsync(opening, RecordAt(5_000));
        await AppendAsync(opening, RecordAt(4_000));

        Assert.Equal(5_000, (await OpenAsync()).Opening.At);
    }

    [Fact]
    public async Task SnapshotKeepsTheLastTimeAndAllThatTheDirectoryKnows()
    {
        var (opening, state) = await OpenAsync();
        var record = RecordAt(5_000);
        state.Restore(record);
        await AppendAsync(opening, record);
        Assert.Equal(JournalResult.Ok, await opening.Journal!.ReplaceAsync(state.Snapshot(), opening.Journal.Mark(), TestContext.Current.CancellationToken));

        var (again, restored) = await OpenAsync();
        Assert.Equal(5_000, again.At);
        Assert.Equivalent(record, restored.RecordOf(5_000), strict: true);
        await again.Journal!.ReplaceAsync(restored.Snapshot(), again.Journal.Mark(), TestContext.Current.CancellationToken); // nothing was appended between the two
        Assert.Equal(5_000, (await OpenAsync()).Opening.At);
    }

    public ValueTask DisposeAsync() => _logs.DisposeAsync();

    private static DirectoryRecord RecordAt(long at) =>
        new(at, 12, 3, 45, [new GatewayBeat(new GatewayRef(11), "here", GatewayState.Ready, 7), new GatewayBeat(new GatewayRef(12), "", GatewayState.Joining, 0)]);

    private static async Task AppendAsync(JournalOpening<DirectoryRecord, DirectoryRecord> opening, DirectoryRecord record) =>
        Assert.Equal(JournalResult.Ok, (await opening.Journal!.AppendAsync(record)).Result);

    private async Task<(JournalOpening<DirectoryRecord, DirectoryRecord> Opening, DirectoryState State)> OpenAsync()
    {
        var state = new DirectoryState(new GrainOptions());
        return (await new LogJournalStore<DirectoryRecord, DirectoryRecord>(_logs, new DirectoryCodec()).OpenAsync(0, 0, state), state);
    }
}
