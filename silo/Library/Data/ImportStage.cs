using System.Text;
using GrainMQ.Grains;
using GrainMQ.Grains.Backup;
using GrainMQ.Grains.LogStore.Files;
using GrainMQ.Silo.Hosting;

namespace GrainMQ.Silo.Data;

/// <summary>
/// Makes the logs of an import below the data directory, so that they take their place by renames: all of them or, as long as the mark is not
/// there, none. When a process ends in between, the next one finishes, be it a broker or an import.
/// <code>
///   grainmq.import/new/    the logs that are made
///   grainmq.import/ready   the mark: they are complete and on the disk
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

    /// <summary>Directory for what the import needs while it works.</summary>
    public string Path => _disk.FullName(Root);

    /// <summary>Directory whose contents become those of the data directory.</summary>
    public string NewPath => _disk.FullName(New);

    /// <summary>Whether the mark is there: the data directory may then hold parts of the old and of the new contents.</summary>
    public bool IsReady => File.Exists(_disk.FullName(Ready));

    /// <summary>Finishes the import that another process began, or undoes it.</summary>
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

    /// <summary>Creates the directories. Call after <see cref="Recover"/>.</summary>
    public void Begin() => Directory.CreateDirectory(NewPath);

    /// <summary>Moves the contents of <see cref="NewPath"/> to their place. Their files are on the disk already.</summary>
    /// <param name="options">Numbers of the shards that they were made for.</param>
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

    /// <summary>Lists the steps once the mark is there; they can be repeated from the first after a crash in any of them.</summary>
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
