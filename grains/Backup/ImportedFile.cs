using GrainMQ.Grains.Contracts;
using GrainMQ.Grains.Journals;
using GrainMQ.Grains.LogStore;
using GrainMQ.Grains.Sessions.Queue;
using GrainMQ.Grains.Sessions.State;

namespace GrainMQ.Grains.Backup;

/// <summary>
/// One export on its way into the shards. Sessions are kept as they stand in the file, a few bytes for each message that waits, until
/// every message has its place.
/// </summary>
internal sealed class ImportedFile : IDisposable
{
    /// <summary>Bytes of a record without any contents.</summary>
    private const int LeastRecord = 20;

    private readonly List<(int Shard, byte[] Record)> _sessions = [];
    private readonly string _name;
    private readonly ExportReader _reader;
    private readonly ImportShards _shards;
    private readonly ImportRules _rules;
    private ExportCounts? _begin;
    private ExportCounts? _end;
    private ExportCounts _read = ExportCounts.None;
    private ImportedMessages _messages;

    /// <exception cref="ExportException">It cannot be read, or is no export.</exception>
    public ImportedFile(IDisk disk, string file, ImportShards shards, ImportRules rules)
    {
        (_name, _shards, _rules, _messages) = (disk.FullName(file), shards, rules, new ImportedMessages(0, 0));
        _reader = Open(disk, file);
    }

    /// <exception cref="ExportException">It cannot be read, or is no export.</exception>
    public static ExportReader Open(IDisk disk, string file)
    {
        IDiskFile? opened = null;
        try
        {
            opened = disk.Open(file, create: false);
            return new ExportReader(opened);
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            opened?.Dispose();
            throw new ExportException($"'{disk.FullName(file)}' " + e switch
            {
                InvalidDataException => $"{e.Message}.",
                FileNotFoundException or DirectoryNotFoundException => "does not exist. Name the file that 'export' wrote.",
                _ => $"cannot be read: {e.Message} Name the file that 'export' wrote.",
            }, e);
        }
    }

    /// <inheritdoc cref="ExportReader.Created"/>
    public long Created => _reader.Created;

    /// <summary>Reads it to its end.</summary>
    /// <returns>What it has.</returns>
    /// <exception cref="ExportException">It is not as it was written, or the shards cannot take it.</exception>
    public async Task<ExportCounts> ReadAsync(IExportProgress progress)
    {
        try
        {
            progress.Begin($"Reading {_name}", _reader.Length);
            while (_reader.TryReadPage())
            {
                foreach (var record in _reader.Page)
                {
                    Take(record);
                }

                await _shards.WriteAsync();
                progress.Report(_reader.Position);
            }
            if (_end is null)
            {
                throw _reader.Cut();
            }

            return _read;
        }
        catch (InvalidDataException e)
        {
            throw new ExportException($"'{_name}' {e.Message}.", e);
        }
        catch (IOException e)
        {
            throw new ExportException($"'{_name}' cannot be read: {e.Message}", e);
        }
    }

    public int CountOf(int shard) => _sessions.Count(session => session.Shard == shard);

    /// <summary>The sessions for a shard, once everything was read.</summary>
    public IEnumerable<SessionRecordSnapshot> SessionsOf(int shard) => _sessions.Where(session => session.Shard == shard)
        .Select(session => Session(session.Record, number => _messages.Of(shard, number)));

    public void Dispose() => _reader.Dispose();

    private static SessionRecordSnapshot Session(ReadOnlySpan<byte> record, Func<long, MessageRef?> messageOf)
    {
        var from = new RecordReader(record);
        return ExportFields.Session(ref from, messageOf);
    }

    private void Take(LogRecord record)
    {
        try
        {
            var from = new RecordReader(record.Payload);
            if (_begin is null != (record.Type == ExportRecord.Begin) || _end is not null)
            {
                throw new InvalidDataException("it is not where it belongs");
            }

            Take(record, ref from);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidDataException($"has a wrong record, number {record.Offset}: {e.Message.TrimEnd('.')}. Export it again", e);
        }
    }

    private void Take(LogRecord record, ref RecordReader from)
    {
        switch (record.Type)
        {
            case ExportRecord.Begin:
                Begin(ref from);
                break;
            case ExportRecord.Session:
                _read += new ExportCounts(1, 0, 0, 0);
                TakeSession(record.Payload);
                break;
            case ExportRecord.Will:
                _read += new ExportCounts(0, 0, 1, 0);
                var will = ExportFields.Will(ref from, 0);
                CheckMessage(will.Message, $"the will of '{will.Key}'");
                _shards.Add(will);
                break;
            case ExportRecord.Message:
                _read += new ExportCounts(0, 1, 0, 0);
                if ((record.Flags & ExportRecord.IsLost) == 0)
                {
                    CheckMessage(record.Payload.ToArray(), "it");
                }

                _messages.Take(record, _shards.Stores);
                break;
            case ExportRecord.Retained:
                _read += new ExportCounts(0, 0, 0, 1);
                var (tenant, entry) = ExportFields.Retained(ref from);
                Check(entry);
                _shards.Add(tenant, entry);
                break;
            case ExportRecord.End:
                End(ref from);
                break;
            default:
                throw new InvalidDataException($"it is of an unknown type {record.Type}");
        }
    }

    private void Begin(ref RecordReader from)
    {
        _begin = ExportCounts.Read(ref from);
        from.End();
        if (_begin.Messages < 0 || _begin.Messages > Math.Min(_reader.Length / LeastRecord, Array.MaxLength))
        {
            throw new InvalidDataException($"it speaks of {_begin.Messages} messages");
        }

        _messages = new ImportedMessages((int)_begin.Messages, _shards.Stores.Length);
    }

    private void End(ref RecordReader from)
    {
        _end = ExportCounts.Read(ref from);
        from.End();
        if (_end != _begin || _end != _read)
        {
            throw new InvalidDataException($"it counts {_end}, and there are {_read}");
        }
    }

    private void TakeSession(ReadOnlySpan<byte> record)
    {
        if (_messages.Next > 0)
        {
            throw new InvalidDataException("a session comes behind the messages");
        }

        var wanted = new List<long>();
        var session = Session(record, number =>
        {
            wanted.Add(number);
            return null;
        });
        Check(session);
        if (!_shards.TryAddKey(session.Key, this))
        {
            return;
        }

        var shard = StoreShard.Of(session.Key, _shards.Stores.Length);
        foreach (var number in wanted)
        {
            _messages.Want(shard, number);
        }

        _sessions.Add((shard, record.ToArray()));
    }

    private void Check(SessionRecordSnapshot session)
    {
        if (Array.Find(session.Subscriptions, subscription => !_rules.IsFilter(subscription.Filter)) is { } wrong)
        {
            throw new InvalidDataException($"session '{session.Key}' subscribes to '{Shown(wrong.Filter)}', which is no Topic Filter");
        }

        if (session.Will is { } will)
        {
            CheckMessage(will.Message, $"the will of '{session.Key}'");
        }

        foreach (var item in session.Items().Where(item => item.Message.Bytes is { Length: > 0 }))
        {
            CheckMessage(item.Message.Bytes, $"a message for session '{session.Key}'");
        }
    }

    private void Check(RetainEntry entry)
    {
        if (!_rules.IsTopic(entry.Topic))
        {
            throw new InvalidDataException($"'{Shown(entry.Topic)}' is no Topic Name");
        }

        CheckMessage(entry.Message, $"the retained message of '{entry.Topic}'");
    }

    private void CheckMessage(byte[]? bytes, string what)
    {
        if (bytes is null || !_rules.IsMessage(bytes))
        {
            throw new InvalidDataException($"{what} is not what a client could have published");
        }
    }

    private static string Shown(string text) => text.Length <= 100 ? text : $"{text[..100]}…";
}
