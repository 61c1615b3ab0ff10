using GrainMQ.Gateway.Routing;
using Xunit;

namespace GrainMQ.Tests.Unit.Routing;

/// <summary>A table that counted places as used for ever would be copied again and again by filters that come and go.</summary>
public sealed class EdgeTableTests
{
    private const int Bits = 4;
    private const uint MostEdges = 11; // with one more, 3/4 of the 16 places are in use

    [Fact]
    public void AnEdgeThatStoodAloneLeavesAnEmptyPlace()
    {
        var table = new EdgeTable(Bits);
        for (var level = 1u; level <= 1000; level++)
        {
            Assert.True(table.CanAdd(1), $"level {level}");
            table.Add(parent: 0, level, child: 1);
            table.Remove(parent: 0, level, child: 1);
        }
    }

    [Fact]
    public void ThePlaceOfAnEdgeAmongOthersIsUsedAgain()
    {
        var table = new EdgeTable(Bits);
        for (var child = 1u; child <= MostEdges; child++)
        {
            table.Add(parent: 0, levelHash: child, child);
        }

        for (var round = 0; round < 10; round++)
        {
            for (var child = 1u; child <= MostEdges; child++)
            {
                table.Remove(parent: 0, levelHash: child, child);
                Assert.True(table.CanAdd(child), $"child {child} in round {round}");
                table.Add(parent: 0, levelHash: child, child);
            }
        }
    }
}
