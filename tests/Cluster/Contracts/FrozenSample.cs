using System.Globalization;

namespace GrainMQ.Tests.Cluster.Contracts;

/// <summary>A value of a contract record as some version has written it.</summary>
/// <param name="Alias">The record's name on the wire.</param>
/// <param name="Members">How many it had.</param>
/// <param name="Fill">How much of it is set.</param>
/// <param name="Bytes">What was written.</param>
/// <param name="Value">All of its members, as <see cref="WireSerializer.Describe"/> shows them.</param>
internal sealed record FrozenSample(string Alias, int Members, Fill Fill, byte[] Bytes, string Value)
{
    public (string Alias, int Members, Fill Fill) Key => (Alias, Members, Fill);

    public static FrozenSample Of(Type record, Fill fill)
    {
        var value = SampleValues.Of(record, fill);
        return new FrozenSample(
            ContractTypes.AliasOf(record), ContractTypes.ConstructorOf(record).GetParameters().Length, fill,
            WireSerializer.Write(value), WireSerializer.Describe(value));
    }

    public static FrozenSample Parse(string line)
    {
        var fields = line.Split(' ', 5); // the value may have spaces
        return new FrozenSample(
            fields[0], int.Parse(fields[1], CultureInfo.InvariantCulture), Enum.Parse<Fill>(fields[2]), Convert.FromBase64String(fields[3]), fields[4]);
    }

    public override string ToString() => $"{Alias} {Members} {Fill} {Convert.ToBase64String(Bytes)} {Value}";
}
