using System.Reflection;
using GrainMQ.Tests.Benchmarks.Routing;

// "routing [filters]" prints memory and times of the routing tables; everything else is BenchmarkDotNet's.
if (args is ["routing", ..]) RoutingFootprint.Print(filters: args.Length > 1 ? int.Parse(args[1]) : 1_000_000);
else BenchmarkDotNet.Running.BenchmarkSwitcher.FromAssembly(Assembly.GetExecutingAssembly()).Run(args);
