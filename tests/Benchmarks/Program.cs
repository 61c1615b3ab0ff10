using System.Reflection;
using GrainMQ.Tests.Benchmarks.Embedded;
using GrainMQ.Tests.Benchmarks.Routing;
using GrainMQ.Tests.Benchmarks.Storage;

// "routing [filters]" prints memory and times of the routing tables, "engine [activations]" start and memory of the grain engine, "log [records]
// [directory]" what the log store does with a disk; everything else is BenchmarkDotNet's.
if (args is ["routing", ..]) RoutingFootprint.Print(filters: args.Length > 1 ? int.Parse(args[1]) : 1_000_000);
else if (args is ["engine", ..]) await EngineFootprint.PrintAsync(activations: args.Length > 1 ? int.Parse(args[1]) : 500_000);
else if (args is ["log", ..]) await LogFootprint.PrintAsync(args.Length > 1 ? int.Parse(args[1]) : 5_000_000, args.Length > 2 ? args[2] : Path.GetTempPath());
else BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args);
