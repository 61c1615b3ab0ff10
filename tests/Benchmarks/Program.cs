using System.Reflection;
using GrainMQ.Tests.Benchmarks.Grains;
using GrainMQ.Tests.Benchmarks.LogStore;
using GrainMQ.Tests.Benchmarks.Routing;

// "routing [filters]" prints memory and times of the routing tables, "log [records]
// [directory]" what the log store does with a disk, "store [sessions] [messages] [directory]" a store shard in memory and in files; everything
// else is BenchmarkDotNet's.
if (args is ["routing", ..])
{
    RoutingFootprint.Print(filters: args.Length > 1 ? int.Parse(args[1]) : 1_000_000);
}
else if (args is ["log", ..])
{
    await LogFootprint.PrintAsync(args.Length > 1 ? int.Parse(args[1]) : 5_000_000, args.Length > 2 ? args[2] : Path.GetTempPath());
}
else if (args is ["store", ..])
{
    await StoreFootprint.PrintAsync(
    args.Length > 1 ? int.Parse(args[1]) : 100_000, args.Length > 2 ? int.Parse(args[2]) : 1_000_000,
    args.Length > 3 ? args[3] : Path.Combine(Path.GetTempPath(), $"grainmq-store-{Environment.ProcessId}"));
}
else
{
    BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args);
}