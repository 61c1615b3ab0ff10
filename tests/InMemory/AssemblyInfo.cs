using Xunit;

// the tests tell from a calm thread pool that nothing more can happen; another test at the same time would keep it busy
[assembly: CollectionBehavior(DisableTestParallelization = true)]
