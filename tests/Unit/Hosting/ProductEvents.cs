using System.Reflection;
using GrainMQ.Gateway.Configuration;
using GrainMQ.Silo;
using GrainMQ.Silo.Server;
using Microsoft.Extensions.Logging;

namespace GrainMQ.Tests.Unit.Hosting;

/// <summary>Every log event of the product, read from its assemblies.</summary>
internal static class ProductEvents
{
    private static readonly Assembly[] Product =
        [typeof(GatewayOptions).Assembly, typeof(Grains.GrainOptions).Assembly, typeof(Grains.LogStore.ILogStore).Assembly,
        typeof(SiloOptions).Assembly, typeof(SiloCommand).Assembly];

    public static IEnumerable<(MethodInfo Method, LoggerMessageAttribute Attribute)> All() =>
        from assembly in Product
        from type in assembly.GetTypes()
        from method in type.GetMethods(BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly)
        from attribute in method.GetCustomAttributes<LoggerMessageAttribute>()
        select (method, attribute);
}
