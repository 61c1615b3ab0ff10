namespace Orleans.Placement;

/// <summary>In a cluster: activate on the silo that has the fewest activations. In one process: no effect.</summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false)]
public sealed class ActivationCountBasedPlacementAttribute : Attribute;
