namespace GrainMQ.Silo.Configuration;

/// <summary>One value as it was written somewhere.</summary>
/// <param name="Key"><c>Section:Name</c> or <c>Listeners:NAME:Property</c>; case does not matter.</param>
/// <param name="Origin">Where it was written, as an error message names it.</param>
public sealed record Setting(string Key, string Value, string Origin);
