using GrainMQ.Grains.Retained;
using GrainMQ.Grains.Sessions.Codec;

namespace GrainMQ.Grains.Backup;

/// <summary>The directories of a data directory that hold its logs, one below for each shard.</summary>
public static class DataLogs
{
    public static string Store { get; } = new SessionCodec().Name;

    public static string Retain { get; } = new RetainCodec().Name;
}
