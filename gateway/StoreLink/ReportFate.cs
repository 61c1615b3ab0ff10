namespace GrainMQ.Gateway.StoreLink;

/// <summary>What has become of a report of ended deliveries.</summary>
internal enum ReportFate : byte
{
    /// <summary>The store has noted it.</summary>
    Noted,

    /// <summary>Another claim than the one that it was made under holds the session: here, or on another gateway.</summary>
    Fenced,

    /// <summary>There was no answer.</summary>
    Lost,
}
