using GrainMQ.Gateway.Routing;

namespace GrainMQ.Tests.Unit.Routing;

/// <summary>The two changes that tests make: a filter comes with itself as value, a filter goes.</summary>
internal static class LocalTrieSteps
{
    /// <summary>False when it was there already.</summary>
    public static bool Add(this LocalTrie<string> trie, string filter)
    {
        var version = trie.Version;
        trie.Update(filter, filter, static (current, _, added) => current ?? added);
        return trie.Version != version;
    }

    /// <summary>False when it was not there.</summary>
    public static bool Remove(this LocalTrie<string> trie, string filter)
    {
        var version = trie.Version;
        trie.Update(filter, 0, static (_, _, _) => null);
        return trie.Version != version;
    }
}
