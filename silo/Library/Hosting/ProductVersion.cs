using System.Reflection;
using System.Runtime.InteropServices;

namespace GrainMQ.Silo.Hosting;

/// <summary>Names the versions of GrainMQ, .NET and Orleans, for banners and <c>--version</c>, without the metadata of their build.</summary>
internal static class ProductVersion
{
    public static string Product { get; } = Of(typeof(ProductVersion).Assembly);

    public static string Orleans { get; } = $"Orleans {Of(typeof(global::Orleans.IGrain).Assembly)}";

    public static string Runtime => RuntimeInformation.FrameworkDescription;

    private static string Of(Assembly assembly) =>
        assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+', ' ')[0].TrimEnd('.') ?? "0";
}
