namespace Orleans.Runtime;

/// <summary>Something that can be called by identity: a grain, a reference to one, or an observer.</summary>
public interface IAddressable;
