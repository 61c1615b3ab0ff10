using GrainMQ.Gateway.Routing;

namespace GrainMQ.Tests.Unit.Routing;

/// <summary>The two changes that tests make: a filter comes with itself as value, a filter goes.</summary>
internal static class LocalTrieSteps
{
    /// <summary>False when it was there already.</summary>
    public static bool Add(this LocalTrie<string> trie, string filter)
    {
        var isNew = false;
        trie.Update(filter, filter, (current, _, added) =>
        {
            isNew = current is null;
            return current ?? added;
        });
        return isNew;
    }

    /// <summary>False when it was not there.</summary>
    public static bool Remove(this LocalTrie<string> trie, string filter)
    {
        var isKnown = false;
        trie.Update(filter, 0, (current, _, _) =>
        {
            isKnown = current is not null;
            return null;
        });
        return isKnown;
    }
}
