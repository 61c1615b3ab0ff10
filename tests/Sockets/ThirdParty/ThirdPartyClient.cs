using System.Diagnostics;
using System.Text.Json;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Gateway.Protocol;

namespace GrainMQ.Tests.Sockets.ThirdParty;

/// <summary>A third-party client: what it can speak, and whether this machine has it.</summary>
/// <param name="Missing">Null when it is here, else what to install.</param>
internal sealed record ThirdPartyClient(string Name, string Source, ListenerKind[] Transports, string? Missing)
{
    private static readonly string Clients = Path.Combine(Root(), "tests", "Sockets", "Clients");
    private static readonly string PinnedMqttJs = JsonDocument.Parse(File.ReadAllText(Path.Combine(Clients, "package.json")))
        .RootElement.GetProperty("dependencies").GetProperty("mqtt").GetString() ?? "";

    /// <summary>Has no WebSocket.</summary>
    public static readonly ThirdPartyClient Mosquitto = new(
        "mosquitto_pub, _sub, _rr",
        "Debian `mosquitto-clients`",
        [ListenerKind.Tcp, ListenerKind.Tls],
        IsOnPath("mosquitto_pub") && IsOnPath("mosquitto_sub") && IsOnPath("mosquitto_rr") ? null : "mosquitto-clients is not installed");

    public static readonly ThirdPartyClient Paho = new(
        "Eclipse Paho for Python",
        "Debian `python3-paho-mqtt`",
        Matrix.SocketTransports,
        Succeeds(Python, "-c", "import paho.mqtt.client") ? null : "python3-paho-mqtt is not installed");

    public static readonly ThirdPartyClient MqttJs = new(
        "MQTT.js",
        $"npm `mqtt` {PinnedMqttJs}",
        Matrix.SocketTransports,
        !IsOnPath("node") ? "Node.js is not installed"
            : File.Exists(Path.Combine(Clients, "node_modules", "mqtt", "package.json")) ? null : "MQTT.js is not installed: ./test.sh does it");

    public static readonly ThirdPartyClient[] All = [Mosquitto, Paho, MqttJs];

    /// <summary>Debian's: another python3 earlier on the path may lack the package.</summary>
    private const string Python = "/usr/bin/python3";

    /// <summary>The scenarios of a version, in the order of <see cref="Scenario.All"/>.</summary>
    public IEnumerable<Scenario> Scenarios(ProtocolVersion version) => Scenario.All.Where(scenario => Can(version, scenario));

    /// <summary>Whether it shows a scenario on a version. mosquitto_rr brings requests and responses to 3.1.1 too, by a fixed topic.</summary>
    public bool Can(ProtocolVersion version, Scenario scenario) =>
        version >= (this == Mosquitto && scenario.Name == "request-response" ? ProtocolVersion.Mqtt311 : scenario.Since);

    /// <summary>Runs the script of <see cref="Paho"/> or <see cref="MqttJs"/>.</summary>
    public ClientProcess Start(params string[] arguments) => StartScript(this == Paho ? "paho_client.py" : "mqttjs_client.mjs", arguments);

    /// <summary>Runs another script for <see cref="Paho"/> or <see cref="MqttJs"/>.</summary>
    public ClientProcess StartScript(string script, params string[] arguments) =>
        ClientProcess.Start(this == Paho ? Python : "node", [Path.Combine(Clients, script), .. arguments]);

    /// <summary>The directory of the solution, found upwards from the test's binaries.</summary>
    public static string Root()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Orleans.sln")))
        {
            directory = directory.Parent;
        }

        return directory?.FullName ?? throw new InvalidOperationException("The tests run outside of the repository.");
    }

    public override string ToString() => Name;

    private static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Any(directory => File.Exists(Path.Combine(directory, program)));

    private static bool Succeeds(string program, params string[] arguments)
    {
        if (!File.Exists(program))
        {
            return false;
        }

        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true });
        process?.WaitForExit();
        return process?.ExitCode == 0;
    }
}
