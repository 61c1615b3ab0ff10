namespace GrainMQ.Gateway.Routing;

/// <summary>Is shown the receivers of a message, one after the other.</summary>
internal interface IReceiverVisitor
{
    void Visit(in Receiver receiver);
}
