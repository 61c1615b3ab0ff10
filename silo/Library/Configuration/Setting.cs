namespace GrainMQ.Silo.Configuration;

/// <summary>One value as it was written in a file, in the environment or on the command line.</summary>
/// <param name="Key"><c>Section:Name</c> or <c>Listeners:NAME:Property</c>; case does not matter.</param>
/// <param name="Value">The text; null when JSON says <c>null</c> or an empty object.</param>
/// <param name="Origin">Where it was written, as an error message names it.</param>
public sealed record Setting(string Key, string? Value, string Origin);
