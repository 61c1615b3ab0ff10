using System.Text;

namespace GrainMQ.Tests.Benchmarks.Routing;

/// <summary>The shared input: filters <c>devices/{n}/cmd/#</c> and topics that meet them in random order.</summary>
internal static class DeviceTopics
{
    public static string Filter(int device) => $"devices/{device}/cmd/#";

    public static byte[][] Topics(int filters, int count, string suffix = "cmd/reboot")
    {
        var random = new Random(42);
        return [.. Enumerable.Range(0, count).Select(_ => Encoding.UTF8.GetBytes($"devices/{random.Next(filters)}/{suffix}"))];
    }
}
