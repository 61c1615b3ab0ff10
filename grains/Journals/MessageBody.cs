namespace GrainMQ.Grains.Journals;

/// <summary>A message as a journal has it.</summary>
/// <param name="Bytes">Null: it stands at <paramref name="Offset"/>.</param>
/// <param name="Length">Of the bytes.</param>
/// <param name="ExpiresAt">Unix milliseconds; 0 = never.</param>
/// <param name="Offset">Its record in the log; negative: in no log.</param>
internal readonly record struct MessageBody(byte[]? Bytes, int Length, long ExpiresAt, long Offset = -1);
