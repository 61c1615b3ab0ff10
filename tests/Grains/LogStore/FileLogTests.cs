using System.Diagnostics;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.LogStore.Files;
using GrainMQ.Grains.LogStore.Memory;
using GrainMQ.Grains.LogStore.WriteAhead;
using GrainMQ.Tests.Testing;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using static GrainMQ.Tests.Grains.LogStore.LogFixture;

namespace GrainMQ.Tests.Grains.LogStore;

/// <summary>The same on real files and on the store's own threads.</summary>
public sealed class FileLogTests : IDisposable
{
    private static readonly LogStoreOptions SmallSegments = new() { SegmentBytes = 16 << 10, MinFreeBytes = 0 };

    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void DirectoryThatIsMadeIsForItsUserAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Rights are inherited there.");
            return;
        }

        var path = Path.Combine(_directory.Path, "above", "new");
        DirectoryLock.TryTake(path, out _)?.Dispose();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(path));
    }

    [Fact]
    public async Task RecordsAndSnapshotSurviveARestart()
    {
        await using (var store = Open(_directory.Path, SmallSegments))
        {
            var log = await OpenLogAsync(store);
            for (var id = 0; id < 1_000; id += 5)
            {
                await AppendAsync(log, id, id + 1, id + 2, id + 3, id + 4);
            }

            await using var snapshot = log.BeginSnapshot(500);
            await snapshot.AddAsync(Batch(7));
            Assert.Equal(LogReply.Ok, await snapshot.CommitAsync());
        }
        await using (var store = Open(_directory.Path, SmallSegments))
        {
            var opening = await store.OpenAsync(Name, 0);
            Assert.Empty(opening.Findings);
            var log = Assert.IsAssignableFrom<IWriteAheadLog>(opening.Log);
            Assert.Equal(new LogSnapshotInfo(500, 1), log.Snapshot);
            Assert.InRange(log.FirstOffset, 100, 500);
            Assert.Equal(Enumerable.Range((int)log.FirstOffset, 1_000 - (int)log.FirstOffset).Select(id => (long)id), await ReadIdsAsync(log));
        }
    }

    [Fact]
    public async Task WritersReadersAndTrimGetAlong()
    {
        const int writers = 4, batches = 150;
        await using var store = Open(_directory.Path, SmallSegments);
        var log = await OpenLogAsync(store);
        var acknowledged = 0;

        await Task.WhenAll([.. Enumerable.Range(0, writers).Select(writer => Task.Run(() => WriteAsync(writer))), Task.Run(ReadAsync), Task.Run(TrimAsync)]);

        Assert.Equal(writers * batches * 3, log.NextOffset);

        async Task WriteAsync(int writer)
        {
            for (var number = 0; number < batches; number++)
            {
                var id = (writer * batches + number) * 10L;
                await AppendAsync(log, id, id + 1, id + 2);
                Interlocked.Add(ref acknowledged, 3);
            }
        }

        async Task ReadAsync()
        {
            var page = new LogPage(5_000);
            for (var offset = 0L; offset < writers * batches * 3;)
            {
                var reply = await log.ReadAsync(offset, page);
                Assert.True(reply.Result is LogResult.Ok or LogResult.Trimmed, $"{reply}");
                if (reply.Result == LogResult.Ok)
                {
                    foreach (var record in page)
                    {
                        Assert.Equal(offset++, record.Offset);
                    }
                }

                Assert.True(reply.Result == LogResult.Trimmed || offset == reply.NextOffset);
                offset = reply.NextOffset;
                await Task.Yield();
            }
        }

        async Task TrimAsync()
        {
            while (Volatile.Read(ref acknowledged) < writers * batches * 3)
            {
                Assert.Equal(LogResult.Ok, (await LogFixture.TrimAsync(log, log.NextOffset - 200)).Result);
                await Task.Yield();
            }
        }
    }

    [Fact]
    public async Task MemoryKeepsTheSameLogs()
    {
        await using var store = MemoryLogStore.Create(SmallSegments, TimeProvider.System, NullLogger<SegmentLogStore>.Instance);
        var log = await OpenLogAsync(store);
        for (var id = 0; id < 2_000; id += 2)
        {
            await AppendAsync(log, id, id + 1);
        }

        await TrimAsync(log, 1_000);
        var again = await OpenLogAsync(store);

        Assert.InRange(again.FirstOffset, 1, 1_000);
        Assert.Equal(Enumerable.Range((int)again.FirstOffset, 2_000 - (int)again.FirstOffset).Select(id => (long)id), await ReadIdsAsync(again));
        Assert.Equal(LogResult.Fenced, (await log.AppendAsync(Batch(1))).Result);
    }

    [Fact]
    public async Task DirectoryHasOneOwner()
    {
        var held = DirectoryLock.TryTake(_directory.Path, out _);
        await using (FileLogStore.Open(held ?? throw new InvalidOperationException("It is free."), SmallSegments, TimeProvider.System, NullLogger<SegmentLogStore>.Instance))
        {
            Assert.Null(DirectoryLock.TryTake(_directory.Path, out var pid));
            Assert.Equal($"{Environment.ProcessId}", pid);
        }
        using var again = DirectoryLock.TryTake(_directory.Path, out _);
        Assert.NotNull(again);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(64 << 10)]
    public async Task RealDiskThatFillsUpRefusesAndRecovers(long minFreeBytes)
    {
        using var tmpfs = Tmpfs.TryMount(_directory.File("disk"), "1m");
        if (tmpfs is null)
        {
            Assert.Skip("mounting a tmpfs needs root");
        }

        await using var store = Open(tmpfs.Path, new LogStoreOptions { SegmentBytes = 200 << 10, MinFreeBytes = minFreeBytes });
        var log = await OpenLogAsync(store);
        List<long> stored = [];
        AppendReply reply;
        for (var id = 0; (reply = await log.AppendAsync(Batch(id, id + 1))).Result == LogResult.Ok; id += 2)
        {
            stored.AddRange([id, id + 1]);
        }

        Assert.Equal(LogResult.Full, reply.Result);
        Assert.Equal(stored, await ReadIdsAsync(log));

        if (minFreeBytes > 0) // what is kept free makes trimming possible
        {
            await TrimAsync(log, stored[^1]);
            stored.RemoveAll(id => id < log.FirstOffset);
        }
        else
        {
            tmpfs.Resize("2m");
        }
        await AppendAsync(log, 100_000);
        Assert.Equal([.. stored, 100_000], await ReadIdsAsync(log));
    }

    private static SegmentLogStore Open(string directory, LogStoreOptions options) => FileLogStore.Open(
        DirectoryLock.TryTake(directory, out _) ?? throw new InvalidOperationException("It is free."), options, TimeProvider.System,
        NullLogger<SegmentLogStore>.Instance);

    private static async Task<IWriteAheadLog> OpenLogAsync(SegmentLogStore store)
    {
        var opening = await store.OpenAsync(Name, 0);
        Assert.Equal((LogResult.Ok, null), (opening.Result, opening.Fault));
        return Assert.IsAssignableFrom<IWriteAheadLog>(opening.Log);
    }

    private sealed class Tmpfs : IDisposable
    {
        private Tmpfs(string path) => Path = path;

        public string Path { get; }

        public static Tmpfs? TryMount(string path, string size)
        {
            System.IO.Directory.CreateDirectory(path);
            return OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", path)
                ? new Tmpfs(path) : null;
        }

        public void Resize(string size) => Assert.True(Run("mount", "-o", $"remount,size={size}", Path));

        public void Dispose() => Run("umount", Path);

        private static bool Run(string program, params string[] arguments)
        {
            using var process = Process.Start(program, arguments);
            process.WaitForExit();
            return process.ExitCode == 0;
        }
    }
}
