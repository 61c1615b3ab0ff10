#if GRAIN_ENGINE_ORLEANS
using GrainMQ.Grains;
using Microsoft.Extensions.Hosting;
using Orleans.Hosting;

// One silo of a cluster on this machine; the first one is the primary, which the others and the gateways find on the standard ports.
var builder = Host.CreateApplicationBuilder(args);
builder.UseOrleans(silo => silo.UseLocalhostClustering());
builder.Services.AddGrainMqGrains();
await builder.Build().RunAsync();
return 0;
#else
Console.Error.WriteLine(
    "grainmq-silo: this build has the embedded grain engine, in which the gateway hosts the grains itself; for a cluster build with -p:GrainEngine=Orleans.");
return 1;
#endif
