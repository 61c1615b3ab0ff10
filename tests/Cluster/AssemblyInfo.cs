using GrainMQ.Tests.Cluster;
using Xunit;

// Silos in one process share its threads, and some tests stop or kill theirs: one after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
[assembly: AssemblyFixture(typeof(TwoSilos))]
