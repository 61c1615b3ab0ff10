namespace GrainMQ.Gateway.Routing;

/// <summary>Makes the next value of a filter from the current one, see <see cref="LocalTrie{TValue}.Update"/>.</summary>
public delegate TValue? FilterChange<TValue, in TState>(TValue? current, FilterText text, TState state) where TValue : class;
