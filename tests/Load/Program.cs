using System.CommandLine;
using GrainMQ.Tests.Load;

var port = new Option<int>("--port") { Description = "The broker's TCP port on 127.0.0.1.", DefaultValueFactory = _ => 1883 };
var seconds = new Option<int>("--seconds") { Description = "How long to go on.", DefaultValueFactory = _ => 30 };
var ids = new Option<int>("--ids") { Description = "Client identifiers.", DefaultValueFactory = _ => 1000 };
var sockets = new Option<int>("--sockets") { Description = "Sockets that fight for each identifier.", DefaultValueFactory = _ => 4 };

var storm = new Command("storm", "Several sockets connect with each client identifier, again and again: who survives, and how many wills?")
{
    port, seconds, ids, sockets,
};
storm.SetAction((parsed, _) => TakeoverStorm.RunAsync(
    parsed.GetValue(port), parsed.GetValue(ids), parsed.GetValue(sockets), TimeSpan.FromSeconds(parsed.GetValue(seconds))));

var slow = new Command("slow", "50 subscribers with and without one that reads nothing, for each QoS, in a broker of its own") { seconds };
slow.SetAction((parsed, _) => SlowSubscriber.RunAsync(TimeSpan.FromSeconds(parsed.GetValue(seconds))));

var pairs = new Option<int>("--pairs") { Description = "Publishers, and as many durable subscribers.", DefaultValueFactory = _ => 100 };
var payload = new Option<int>("--payload") { Description = "Bytes of a message.", DefaultValueFactory = _ => 256 };
var window = new Option<int>("--window") { Description = "Messages that each publisher keeps open; at most 64.", DefaultValueFactory = _ => 64 };
var qos = new Option<int>("--qos") { Description = "1 or 2.", DefaultValueFactory = _ => 1 };
var durable = new Command("durable", "From publishers to connected durable subscribers: rate, and how long PUBACK or PUBCOMP takes")
{
    port, seconds, pairs, payload, window, qos,
};
durable.SetAction((parsed, _) => DurableFlow.RunAsync(
    parsed.GetValue(port), parsed.GetValue(pairs), parsed.GetValue(payload), parsed.GetValue(window), (GrainMQ.Gateway.Protocol.QoS)parsed.GetValue(qos),
    TimeSpan.FromSeconds(parsed.GetValue(seconds))));

var messages = new Option<int>("--messages") { Description = "Messages to publish.", DefaultValueFactory = _ => 1_000_000 };
var sessions = new Option<int>("--sessions") { Description = "Durable sessions without a connection that get each of them.", DefaultValueFactory = _ => 1 };
var process = new Option<int>("--pid") { Description = "The broker's process.", Required = true };
var data = new Option<string?>("--data") { Description = "The broker's data directory; without it nothing is said of the disk." };
var writers = new Option<int>("--publishers") { Description = "Publishers that share the messages.", DefaultValueFactory = _ => 1 };
var drains = new Option<int>("--drains") { Description = "How many of the sessions come back, one after the other.", DefaultValueFactory = _ => 1 };
var receiveMaximum = new Option<ushort>("--receive-maximum") { Description = "Of the sessions that come back.", DefaultValueFactory = _ => ushort.MaxValue };
var backlog = new Command("backlog", "QoS 1 to sessions that are away, then one comes back: rates, what it costs in processor time, memory and on disk")
{
    port, messages, writers, sessions, drains, receiveMaximum, payload, process, data,
};
backlog.SetAction((parsed, _) => OfflineBacklog.RunAsync(
    parsed.GetValue(port), parsed.GetValue(messages), parsed.GetValue(writers), parsed.GetValue(sessions), parsed.GetValue(drains),
    parsed.GetValue(receiveMaximum), Math.Max(BacklogMessage.SmallestPayload, parsed.GetValue(payload)), parsed.GetValue(process), parsed.GetValue(data)));

var attempts = new Option<int>("--attempts") { Description = "Handshakes in one pass.", DefaultValueFactory = _ => 24_000 };
var rate = new Option<int>("--rate") { Description = "Attempts per second; 0: as many as possible.", DefaultValueFactory = _ => 400 };
var concurrency = new Option<int>("--concurrency") { Description = "Attempts at once.", DefaultValueFactory = _ => 64 };
var overQuic = new Option<bool>("--quic") { Description = "Handshakes of QUIC instead of TLS." };
var calm = new Option<int>("--calm") { Description = "Round trips of the connected client between the passes.", DefaultValueFactory = _ => 4000 };
var handshakes = new Command("handshakes", "Broken handshakes of TLS or QUIC: the broker's memory, and the latency of a client that is connected")
{
    overQuic, attempts, rate, concurrency, calm,
};
handshakes.SetAction((parsed, _) => HandshakeStorm.RunAsync(
    parsed.GetValue(overQuic), parsed.GetValue(attempts), parsed.GetValue(rate), parsed.GetValue(concurrency), parsed.GetValue(calm)));

var many = new Option<int>("--sessions") { Description = "Durable sessions, each with a subscription.", DefaultValueFactory = _ => 100_000 };
var retained = new Option<int>("--retained") { Description = "Retained messages.", DefaultValueFactory = _ => 1_000_000 };
var logged = new Option<int>("--messages") { Description = "Messages that wait for the sessions.", DefaultValueFactory = _ => 5_000_000 };
var directory = new Option<string>("--data") { Description = "An empty directory; it needs 340 bytes a message.", Required = true };
var restart = new Command("restart", "A broker that holds much is killed and started again: how long until it answers?") { many, retained, logged, directory };
restart.SetAction((parsed, _) => RestartTime.RunAsync(
    parsed.GetValue(many), parsed.GetValue(retained), parsed.GetValue(logged), parsed.GetValue(directory)!)); // required

var lookup = new Command("retained", "Subscriptions to much that is retained: what they cost, and what another client notices") { retained, directory };
lookup.SetAction((parsed, _) => RetainedLookup.RunAsync(parsed.GetValue(retained), parsed.GetValue(directory)!)); // required

var connections = new Option<int>("--connections") { Description = "Clients.", DefaultValueFactory = _ => 2000 };
var idle = new Command("idle", "Clients that are connected and silent: the broker's memory for each, on TCP, TLS and QUIC") { connections };
idle.SetAction((parsed, _) => IdleConnections.RunAsync(parsed.GetValue(connections)));

var rounds = new Option<int>("--rounds") { Description = "Repetitions; TCP, TLS and QUIC take turns in each.", DefaultValueFactory = _ => 5 };
var roundTrips = new Option<int>("--round-trips") { Description = "Round trips of one measurement.", DefaultValueFactory = _ => 2000 };
var perRoad = new Option<int>("--messages") { Description = "Messages of one measurement.", DefaultValueFactory = _ => 400_000 };
var publishers = new Option<int>("--pairs") { Description = "Publishers, each with a subscriber of its own.", DefaultValueFactory = _ => 20 };
var roads = new Command("roads", "TCP, TLS and QUIC beside each other: round trips, and messages per second of the broker's processor time")
{
    rounds, roundTrips, publishers, perRoad,
};
roads.SetAction((parsed, _) => RoadComparison.RunAsync(
    parsed.GetValue(rounds), parsed.GetValue(roundTrips), parsed.GetValue(publishers), parsed.GetValue(perRoad)));

return await new RootCommand("Load that shows what the broker does under it.") { storm, slow, roads, handshakes, idle, durable, backlog, restart, lookup }.Parse(args).InvokeAsync();
