using GrainMQ.Gateway.Sessions;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Unit.Sessions;

public sealed class ClientTurnsTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ManualTimeProvider _time = new();
    private readonly ClientTurns _turns;

    public ClientTurnsTests() => _turns = new(_time);

    [Fact]
    public async Task TurnsOfOneClientFollowEachOtherInTheOrderInWhichTheyWereAskedFor()
    {
        var order = new List<int>();
        var first = await _turns.TakeAsync("c");
        Task[] others = [.. Enumerable.Range(1, 3).Select(async number =>
        {
            using var turn = await _turns.TakeAsync("c");
            order.Add(number);
        })];
        using (await _turns.TakeAsync("another client"))
        {
            Assert.Empty(order);
        }

        first.Dispose();
        await Task.WhenAll(others).OrStuck("the turns");
        Assert.Equal([1, 2, 3], order);
    }

    [Fact]
    public async Task WhoGaveUpIsPassedOver()
    {
        var first = await _turns.TakeAsync("c");
        var impatient = _turns.TryTakeAsync("c", Patience);
        var patient = _turns.TakeAsync("c");
        _time.Advance(Patience);
        Assert.Null(await impatient.AsTask().OrStuck("the one that gives up"));
        first.Dispose();
        (await patient.AsTask().OrStuck("the turn")).Dispose();
        using var next = await _turns.TryTakeAsync("c", Patience);
        Assert.NotNull(next);
    }

    [Fact]
    public async Task OnlyWhatIsUrgentMakesTheHolderGiveWay()
    {
        var first = await _turns.TakeAsync("c");
        var givingWay = first.GivingWay;
        _ = _turns.TakeAsync("c");
        _ = _turns.TryTakeAsync("c", Patience);
        Assert.False(givingWay.IsCancellationRequested);
        _ = _turns.TryTakeAsync("c", Patience, isUrgent: true);
        await Stuck.UntilAsync(() => givingWay.IsCancellationRequested, "the holder to be told");
    }

    [Fact]
    public async Task WhatIsUrgentIsSeenByThoseBeforeItAndNotByThoseBehind()
    {
        var first = await _turns.TakeAsync("c");
        var second = _turns.TakeAsync("c");
        var urgent = _turns.TryTakeAsync("c", Patience, isUrgent: true);
        var last = _turns.TakeAsync("c");
        Assert.True(first.GivingWay.IsCancellationRequested); // it came before anything was asked
        first.Dispose();
        var turn = await second.AsTask().OrStuck("the second turn");
        Assert.True(turn.GivingWay.IsCancellationRequested);
        turn.Dispose();
        var taken = await urgent.AsTask().OrStuck("the urgent turn");
        taken?.Dispose();
        turn = await last.AsTask().OrStuck("the last turn");
        Assert.False(turn.GivingWay.IsCancellationRequested);
    }

    [Fact]
    public async Task WhatWasUrgentAndGaveUpHurriesNoHolder()
    {
        var first = await _turns.TakeAsync("c");
        var urgent = _turns.TryTakeAsync("c", Patience, isUrgent: true);
        _time.Advance(Patience);
        Assert.Null(await urgent.AsTask().OrStuck("the one that gives up"));
        Assert.False(first.GivingWay.IsCancellationRequested);
    }
}
