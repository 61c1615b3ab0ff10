using System.Runtime.InteropServices;

namespace GrainMQ.Gateway.Routing;

/// <summary>
/// The Subscription Identifiers of the second and every further subscription by which a receiver gets a message. They are noted while the receivers
/// are merged and added at the end, each receiver's at once: a session may have thousands of filters that overlap, and the work is to grow with
/// their number and not with its square. [MQTT-3.3.4-3]
/// </summary>
internal sealed class FurtherIdentifiers
{
    /// <summary>More than this is rare enough to get its lists anew.</summary>
    private const int MostKept = 1 << 16;

    private readonly List<(int Place, uint Identifier)> _noted = [];
    private readonly List<int> _counts = [];

    /// <summary>Notes identifiers of the receiver at a place.</summary>
    public void Note(int place, uint[] identifiers)
    {
        foreach (var identifier in identifiers)
        {
            _noted.Add((place, identifier));
        }
    }

    /// <summary>Adds what was noted to the receivers, in the order of the notes, and forgets it.</summary>
    public void AddTo(Span<Receiver> receivers)
    {
        if (_noted.Count == 0)
        {
            return;
        }

        CollectionsMarshal.SetCount(_counts, receivers.Length);
        var counts = CollectionsMarshal.AsSpan(_counts);
        counts.Clear();
        foreach (var (place, _) in _noted)
        {
            counts[place]++;
        }

        for (var place = 0; place < receivers.Length; place++)
        {
            if (counts[place] > 0)
            {
                var own = receivers[place].Identifiers;
                var all = new uint[own.Length + counts[place]]; // the subscription's own array is shared by all of its deliveries
                own.CopyTo(all, 0);
                receivers[place].Identifiers = all;
                counts[place] = own.Length;
            }
        }

        foreach (var (place, identifier) in _noted)
        {
            receivers[place].Identifiers[counts[place]++] = identifier;
        }

        Forget();
    }

    private void Forget()
    {
        _noted.Clear();
        if (_noted.Capacity > MostKept)
        {
            _noted.Capacity = 0;
        }

        if (_counts.Capacity > MostKept)
        {
            _counts.Clear();
            _counts.Capacity = 0;
        }
    }
}
