using GrainMQ.Grains.Journals;

namespace GrainMQ.Grains.Sessions.Codec;

/// <summary>What a message in a queue is written in relation to: the number of the one before, and the shares of all before, each of which stands once.</summary>
internal struct QueueItemPlace
{
    private List<string>? _shares;

    public long Number { get; set; }

    public void WriteShare(RecordWriter to, string share)
    {
        _shares ??= [];
        var at = _shares.IndexOf(share);
        to.Count(at < 0 ? _shares.Count : at);
        if (at < 0)
        {
            _shares.Add(share);
            to.Text(share);
        }
    }

    public string ReadShare(ref RecordReader from)
    {
        _shares ??= [];
        var at = from.Int32();
        if (at == _shares.Count)
        {
            _shares.Add(from.Text());
        }

        return at >= 0 && at < _shares.Count
            ? _shares[at] : throw new InvalidDataException("a message names a share that does not stand before it");
    }
}
