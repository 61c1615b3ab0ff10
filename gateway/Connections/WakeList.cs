namespace GrainMQ.Gateway.Connections;

/// <summary>Connections that got something to write: each is woken once, when everything that was to be done before is done.</summary>
internal sealed class WakeList
{
    private readonly List<Connection> _woken = [];

    public void Add(Connection connection)
    {
        if (connection.TryMarkWoken())
        {
            _woken.Add(connection);
        }
    }

    /// <summary>Wakes them all. What gets something to write meanwhile is woken too.</summary>
    public void Flush()
    {
        for (var i = 0; i < _woken.Count; i++)
        {
            _woken[i].FlushWoken();
        }

        _woken.Clear();
    }
}
