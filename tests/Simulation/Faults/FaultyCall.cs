namespace GrainMQ.Tests.Simulation;

/// <summary>One call on its way.</summary>
/// <param name="Grain">Class and key, as <c>SessionGrain/tenant/client</c>.</param>
/// <param name="Method">Interface and method, as <c>ISessionGrain.OpenAsync</c>.</param>
/// <param name="Number">The how many-th call to this grain, from 1.</param>
public readonly record struct FaultyCall(string Grain, string Method, long Number);
