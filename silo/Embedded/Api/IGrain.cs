using Orleans.Runtime;

namespace Orleans;

/// <summary>The base of every grain interface. Use one of the keyed interfaces.</summary>
public interface IGrain : IAddressable;

/// <summary>A grain interface whose key is a string.</summary>
public interface IGrainWithStringKey : IGrain;

/// <summary>A grain interface whose key is a 64-bit integer.</summary>
public interface IGrainWithIntegerKey : IGrain;

/// <summary>The base of every observer interface: an object outside the grains that grains may call.</summary>
public interface IGrainObserver : IAddressable;
