using System.Reflection;

namespace GrainMQ.Tests.Simulation;

/// <summary>The exception of a call that no activation would take, whose constructor Orleans keeps to itself.</summary>
internal static class Rejection
{
    public static Exception Of(string message) => (Exception)Activator.CreateInstance(
        typeof(OrleansMessageRejectionException), BindingFlags.Instance | BindingFlags.NonPublic, null, [message], null)!;
}
