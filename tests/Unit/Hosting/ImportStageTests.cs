using GrainMQ.Grains;
using GrainMQ.Silo.Data;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Hosting;

/// <summary>An import counts as a whole or not at all, wherever its process ends.</summary>
public sealed class ImportStageTests : IDisposable
{
    private static readonly GrainOptions Options = new() { StoreShards = 2, RetainShards = 3 };

    private readonly TemporaryDirectory _data = new();
    private readonly ImportStage _stage;

    public ImportStageTests() => _stage = new ImportStage(_data.Path);

    public void Dispose() => _data.Dispose();

    [Fact]
    public void WithoutTheMarkNothingHasHappened()
    {
        Write("sessions/0/manifest", "old");
        _stage.Begin();
        Write("grainmq.import/new/sessions/0/manifest", "new");
        new ImportStage(_data.Path).Recover();
        Assert.Equal([("sessions/0/manifest", "old")], Files());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void WithTheMarkItIsFinishedFromEveryStep(bool isMerged)
    {
        var steps = int.MaxValue;
        for (var done = 0; done < steps; done++)
        {
            Prepare(isMerged);
            steps = _stage.Steps().Count();
            foreach (var step in _stage.Steps().Take(done))
            {
                step();
            }

            new ImportStage(_data.Path).Recover();
            new ImportStage(_data.Path).Recover(); // nothing is left to do
            Assert.Equal(
                [("grainmq.shards", "store 2, retain 3"), ("retain/0/manifest", "new"), ("sessions/0/manifest", "new"), ("unrelated", "")], Files());
        }
        Assert.True(steps > 6);
    }

    [Fact]
    public void ACommitPutsEverythingInItsPlace()
    {
        Write("sessions/1/manifest", "old");
        _stage.Begin();
        Write("grainmq.import/new/sessions/0/manifest", "new");
        _stage.Commit(Options);
        Assert.Equal([("grainmq.shards", "store 2, retain 3"), ("sessions/0/manifest", "new")], Files());
        ShardLayout.Compare(_data.Path, Options);
    }

    private void Prepare(bool isMerged)
    {
        foreach (var entry in Directory.EnumerateFileSystemEntries(_data.Path).ToArray())
        {
            if (Directory.Exists(entry))
            {
                Directory.Delete(entry, recursive: true);
            }
            else
            {
                File.Delete(entry);
            }
        }

        Write("unrelated", "");
        if (isMerged)
        {
            Write("sessions/0/manifest", "old");
            Write("sessions/0/1.segment", "old");
            Write("retain/0/manifest", "old");
            Write("grainmq.shards", "store 1, retain 1");
        }
        _stage.Begin();
        Write("grainmq.import/new/sessions/0/manifest", "new");
        Write("grainmq.import/new/retain/0/manifest", "new");
        Write("grainmq.import/new/grainmq.shards", "store 2, retain 3");
        Write("grainmq.import/ready", "");
    }

    private void Write(string name, string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_data.File(name))!); // a file below the directory
        File.WriteAllText(_data.File(name), text);
    }

    private IEnumerable<(string Name, string Text)> Files() => Directory.EnumerateFiles(_data.Path, "*", SearchOption.AllDirectories)
        .Select(file => (Path.GetRelativePath(_data.Path, file).Replace('\\', '/'), File.ReadAllText(file))).Order();
}
