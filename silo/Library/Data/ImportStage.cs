using System.Text;
using GrainMQ.Grains;
using GrainMQ.Grains.Backup;
using GrainMQ.Grains.LogStore.Files;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Silo.Data;

/// <summary>
/// Where an import makes its logs, below the data directory, so that they take their place by renames: all of them or, as long as the
/// mark is not there, none. A process that ends in between leaves the rest to the next one, be it a broker or an import.
/// <code>
///   grainmq.import/new/    the logs that are made
///   grainmq.import/ready   they are whole and on the disk
///   grainmq.import/old/    what was there before
/// </code>
/// For one process: the data directory is locked.
/// </summary>
internal sealed class ImportStage(string dataPath)
{
    private const string Root = "grainmq.import";
    private const string Ready = $"{Root}/ready";
    private const string New = $"{Root}/new";
    private const string Old = $"{Root}/old";

    private static readonly string[] Names = [DataLogs.Store, DataLogs.Retain, ShardLayout.FileName];

    private readonly FileDisk _disk = new(dataPath, FileAccess.ReadWrite);

    /// <summary>For what the import needs while it works.</summary>
    public string Path => _disk.FullName(Root);

    /// <summary>An empty directory that becomes the data directory's contents.</summary>
    public string NewPath => _disk.FullName(New);

    /// <summary>The mark is there: the data directory has something of both.</summary>
    public bool IsReady => File.Exists(_disk.FullName(Ready));

    /// <summary>Finishes what another process began, or takes it back.</summary>
    /// <exception cref="StartupException">The files cannot be moved or removed.</exception>
    public void Recover()
    {
        if (!Directory.Exists(Path))
        {
            return;
        }

        try
        {
            if (IsReady)
            {
                foreach (var step in Steps())
                {
                    step();
                }
            }
            else
            {
                Discard();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException(
                $"An import into data directory '{dataPath}' was interrupted and cannot be finished: {e.Message} "
                + "Give this user the right to write there.", e);
        }
    }

    /// <summary>After <see cref="Recover"/>.</summary>
    public void Begin() => Directory.CreateDirectory(NewPath);

    /// <summary>What is below <see cref="NewPath"/> takes its place. Its files are on the disk already.</summary>
    /// <param name="options">Of the shards that it has.</param>
    public void Commit(GrainOptions options)
    {
        using (var layout = _disk.Open($"{New}/{ShardLayout.FileName}", create: true))
        {
            layout.Write(Encoding.UTF8.GetBytes(ShardLayout.Text(options)), 0);
            layout.Flush();
        }
        _disk.FlushDirectory(New);
        using (var mark = _disk.Open(Ready, create: true))
        {
            mark.Flush();
        }

        _disk.FlushDirectory(Root);
        _disk.FlushDirectory("");
        Recover();
    }

    public void Discard()
    {
        if (Directory.Exists(Path))
        {
            Directory.Delete(Path, recursive: true);
        }
    }

    /// <summary>What remains to be done once the mark is there; may be begun again after any of them.</summary>
    internal IEnumerable<Action> Steps()
    {
        yield return () => Directory.CreateDirectory(_disk.FullName(Old));
        foreach (var name in Names)
        {
            yield return () => MoveIfNew(name, "", Old);
            yield return () => MoveIfNew(name, New, "");
        }
        yield return () => _disk.FlushDirectory("");
        yield return Discard;
    }

    private void MoveIfNew(string name, string from, string to)
    {
        var (source, target) = (System.IO.Path.Combine(_disk.FullName(from), name), System.IO.Path.Combine(_disk.FullName(to), name));
        if (System.IO.Path.Exists(System.IO.Path.Combine(NewPath, name)) && System.IO.Path.Exists(source))
        {
            Directory.Move(source, target); // also moves a file
        }
    }
}
