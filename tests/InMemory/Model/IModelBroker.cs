namespace GrainMQ.Tests.InMemory.Model;

/// <summary>
/// What a round lets its broker do beyond the rules that hold always. A moment is a step of the round or a tick of its own clock.
/// </summary>
internal interface IModelBroker
{
    /// <summary>The moment that the round is at.</summary>
    int Now { get; }

    /// <summary>The broker is killed in this round: what it has sent and not stored it sends again without DUP, and not as a second time.</summary>
    bool MayDie { get; }

    /// <summary>Whether messages of one publisher, topic and QoS come in the order in which they were sent.</summary>
    bool HasOrder(ModelMessage message);

    /// <summary>Whether it may come again after it was delivered, because its publisher sent it again.</summary>
    bool MayRepeat(ModelMessage message);

    /// <summary>Whether the broker may have refused it at first without an answer that arrived, so that it comes behind later ones.</summary>
    bool MayHaveBeenRefused(ModelMessage message);

    /// <summary>Whether the answer to its publisher says that no queue has it.</summary>
    bool IsInNoQueue(ModelMessage message);

    /// <summary>Whether those who get it without the store may have it at once, and again when there is space for the others.</summary>
    bool IsUnstored(ModelMessage message);
}
