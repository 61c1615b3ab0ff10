using System.Globalization;
using System.Net;
using GrainMQ.Gateway.Hosting;
using GrainMQ.Tests.Sockets.Processes;
using GrainMQ.Tests.Sockets.ThirdParty;
using GrainMQ.Tests.Testing;
using Xunit;

namespace GrainMQ.Tests.Sockets.Backup;

/// <summary>Export and import as an operator uses them: processes, and mosquitto's clients to see what they get.</summary>
public sealed class BackupTests : IDisposable
{
    private static readonly string[] Lines = [.. Enumerable.Range(1, 500).Select(number => $"message {number}")];

    private readonly TemporaryDirectory _directory = new();

    public BackupTests() => Assert.SkipWhen(ThirdPartyClient.Mosquitto.Missing is not null, ThirdPartyClient.Mosquitto.Missing ?? "");

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task WhatABrokerUnderLoadIsOwedComesFromTheOneThatWasImported()
    {
        using (var broker = await Broker.StartAsync(_directory.File("first")))
        {
            await FillAsync(broker);
            await using var holder = broker.Client("sub", "holder", [
                "-c", "-x", "3600", "-t", "kept/#", "--will-topic", "will/holder", "--will-payload", "gone", "--will-qos", "1"]);
            Assert.Equal("retained", await holder.ReadLineAsync());
            await using var load = broker.Client("pub", "load", ["-q", "1", "-t", "load", "-m", "x", "--repeat", "100000000"]);
            await using (var seen = broker.Client("sub", "seen", ["-t", "load", "-C", "10"]))
            {
                await seen.EndAsync();
            }

            using var export = GatewayRun.Start("export", _directory.File("file"), "--data", _directory.File("first"));
            Assert.Equal((0, ""), await export.EndAsync());
        }

        Assert.Equal(0, await RunAsync("import", _directory.File("file"), "--data", _directory.File("second")));
        using var restored = await Broker.StartAsync(_directory.File("second"));
        // before its client is back: the subscription is there
        await restored.PublishAsync("after", ["-q", "1", "-t", "one/after", "-m", "after"]);
        await ReceivesAsync(restored, "one", "1", ["will/#"], Lines.Length + 2, [.. Lines, "gone", "after"]);
        await ReceivesAsync(restored, "two", "2", [], Lines.Length, Lines);
        await using var retained = restored.Client("sub", "new", ["-t", "kept/#", "-C", "1", "-F", "%r %p"]);
        Assert.Equal(["1 retained"], await retained.EndAsync());
    }

    [Fact]
    public async Task AnotherNumberOfShardsAndAMerge()
    {
        using (var broker = await Broker.StartAsync(_directory.File("first")))
        {
            await FillAsync(broker);
        }

        Assert.Equal(0, await RunAsync("export", _directory.File("file"), "--data", _directory.File("first")));

        string[] shards = ["--set", "Grains:StoreShards=3", "--set", "Grains:RetainShards=2"];
        string[] second = ["--data", _directory.File("second"), .. shards];
        using (var broker = await Broker.StartAsync(_directory.File("second"), shards))
        {
            await SubscribeAsync(broker, "one", "1", "one/#");
            await broker.PublishAsync("pub", ["-q", "1", "-t", "one/a", "-m", "there already"]);
            await FailsAsync("is in use by another broker, process", ["import", _directory.File("file"), .. second]);
        }
        await FailsAsync("--merge keep or --merge replace", ["import", _directory.File("file"), .. second]);
        await FailsAsync(
            "was made with other shards (store 3, retain 2)",
            ["import", _directory.File("file"), "--data", _directory.File("second"), "--merge", "keep"]);

        Assert.Equal(0, await RunAsync(["import", _directory.File("file"), .. second, "--merge", "keep"]));
        using (var broker = await Broker.StartAsync(_directory.File("second"), shards))
        {
            await ReceivesAsync(broker, "one", "1", [], 1, ["there already"]);
            await ReceivesAsync(broker, "two", "2", [], Lines.Length, Lines);
        }

        Assert.Equal(0, await RunAsync(["import", _directory.File("file"), .. second, "--merge", "replace"]));
        using (var broker = await Broker.StartAsync(_directory.File("second"), shards))
        {
            await ReceivesAsync(broker, "one", "1", [], Lines.Length, Lines);
        }
    }

    [Fact]
    public async Task AFailedImportLeavesTheDirectoryAsItWas()
    {
        using (var broker = await Broker.StartAsync(_directory.File("first")))
        {
            await FillAsync(broker);
        }

        Assert.Equal(0, await RunAsync("export", _directory.File("file"), "--data", _directory.File("first")));
        var before = Contents(_directory.File("first"));
        var bytes = await File.ReadAllBytesAsync(_directory.File("file"));
        await File.WriteAllBytesAsync(_directory.File("cut"), bytes[..^10]);

        await FailsAsync("ends too early", "import", _directory.File("cut"), "--data", _directory.File("first"), "--merge", "replace");
        await FailsAsync("ends too early", "import", _directory.File("cut"), "--data", _directory.File("new"));
        await FailsAsync(
            "Grains:OfflineQueueMaxMessages", "import", _directory.File("file"), "--data", _directory.File("new"),
            "--set", "Grains:OfflineQueueMaxMessages=499");
        await FailsAsync(
            "Free some space", "import", _directory.File("file"), "--data", _directory.File("new"), "--set", "Store:MinFreeBytes=1000000000000000");

        Assert.False(Directory.Exists(_directory.File("new")));
        Assert.Equal(before, Contents(_directory.File("first")));
        await FailsAsync("exists. Choose another name", "export", _directory.File("file"), "--data", _directory.File("first"));
        Assert.Equal(0, await RunAsync("export", _directory.File("cut"), "--data", _directory.File("first"), "--force"));
        Assert.Equal(bytes.Length, new FileInfo(_directory.File("cut")).Length);
        Assert.False(File.Exists(_directory.File("cut.tmp")));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_directory.File("cut")));
        }
    }

    /// <summary>In a directory that others may write to, a link can wait where the export is about to write.</summary>
    [Fact]
    public async Task ALinkThatWasPlantedIsNotFollowed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights there.");
        using (await Broker.StartAsync(_directory.File("first")))
        {
        }

        var victim = _directory.File("victim");
        await File.WriteAllTextAsync(victim, "mine");
        File.CreateSymbolicLink(_directory.File("file.tmp"), victim);
        Assert.Equal(0, await RunAsync("export", _directory.File("file"), "--data", _directory.File("first")));

        Assert.Equal("mine", await File.ReadAllTextAsync(victim));
        Assert.Null(File.ResolveLinkTarget(_directory.File("file"), returnFinalTarget: false));
        Assert.False(File.Exists(_directory.File("file.tmp")));
    }

    /// <summary>Two sessions whose clients are away, and what waits for them.</summary>
    private static async Task FillAsync(Broker broker)
    {
        await SubscribeAsync(broker, "one", "1", "one/#", "will/#");
        await SubscribeAsync(broker, "two", "2", "two/+");
        await broker.PublishAsync("pub", ["-q", "1", "-t", "one/a", "-l"], Lines);
        await broker.PublishAsync("pub", ["-q", "2", "-t", "two/a", "-l"], Lines);
        await broker.PublishAsync("pub", ["-q", "1", "-r", "-t", "kept/a", "-m", "retained"]);
    }

    private static async Task SubscribeAsync(Broker broker, string id, string qos, params string[] filters)
    {
        await using var client = broker.Client("sub", id, [
            "-c", "-x", "3600", "-q", qos, "-E", .. filters.SelectMany(filter => new[] { "-t", filter })]);
        await client.EndAsync();
    }

    private static async Task ReceivesAsync(Broker broker, string id, string qos, string[] more, int count, string[] expected)
    {
        await using var client = broker.Client("sub", id, [
            "-c", "-x", "3600", "-q", qos, "-t", id == "two" ? "two/+" : $"{id}/#", "-C", count.ToString(CultureInfo.InvariantCulture),
            .. more.SelectMany(filter => new[] { "-t", filter })]);
        var lines = await client.EndAsync();
        Assert.Equal(expected.Where(Lines.Contains), lines.Where(Lines.Contains)); // in order
        Assert.Equal(expected.Except(Lines).Order(), lines.Except(Lines).Order()); // on topics of their own
    }

    private static async Task<int> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await GatewayCommand.RunAsync(arguments, output, error);
        Assert.Equal("", error.ToString());
        Assert.NotEqual("", output.ToString());
        return code;
    }

    private static async Task FailsAsync(string words, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        Assert.Equal(1, await GatewayCommand.RunAsync(arguments, output, error));
        Assert.StartsWith("grainmq: ", error.ToString(), StringComparison.Ordinal);
        Assert.Contains(words, error.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, error.ToString().Count(character => character == '\n'));
    }

    private static Dictionary<string, string> Contents(string directory) => Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
        .Where(file => !file.EndsWith(".pid", StringComparison.Ordinal))
        .ToDictionary(file => file, file => Convert.ToHexString(File.ReadAllBytes(file)));

    /// <summary>A broker on a data directory, until it is killed.</summary>
    private sealed class Broker : IDisposable
    {
        private readonly ProcessRun _run;
        private readonly IPEndPoint _endPoint;

        private Broker(ProcessRun run, IPEndPoint endPoint) => (_run, _endPoint) = (run, endPoint);

        public static async Task<Broker> StartAsync(string data, params string[] arguments)
        {
            var run = GatewayRun.Start(["--tcp", "127.0.0.1:0", "--ws", "none", "--data", data, .. arguments]);
            return new Broker(run, IPEndPoint.Parse(await run.EndPointAsync("tcp")));
        }

        public ClientProcess Client(string kind, string id, string[] arguments, string input = "") => ClientProcess.Start($"mosquitto_{kind}", [
            "-h", "127.0.0.1", "-p", _endPoint.Port.ToString(CultureInfo.InvariantCulture), "-V", "mqttv5", "-i", id, .. arguments], input);

        public async Task PublishAsync(string id, string[] arguments, params string[] lines)
        {
            await using var client = Client("pub", id, arguments, string.Concat(lines.Select(line => line + "\n")));
            await client.EndAsync();
        }

        public void Dispose()
        {
            _run.Signal("KILL");
            _run.EndAsync().GetAwaiter().GetResult(); // so that its lock is free
            _run.Dispose();
        }
    }
}
