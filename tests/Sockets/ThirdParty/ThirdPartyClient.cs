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
    private static readonly JsonElement Package = JsonDocument.Parse(File.ReadAllText(Path.Combine(Clients, "package.json"))).RootElement;

    /// <summary>The QUIC stack that <see cref="MqttJs"/> runs on.</summary>
    public static readonly string QuicheSource = $"npm `@matrixai/quic` {Package.GetProperty("optionalDependencies").GetProperty("@matrixai/quic")}";

    /// <summary>Null when Node.js can load the QUIC stack, else what is missing.</summary>
    public static readonly Lazy<string?> QuicheMissing = new(() =>
        !IsOnPath("node") ? "Node.js is not installed"
        : !IsInstalled("@matrixai/quic") ? "@matrixai/quic is not installed: ./test.sh does it"
        : Succeeds("node", "--input-type=module", "-e", "import '@matrixai/quic'") ? null : "@matrixai/quic has no binary for this machine");

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
        File.Exists(Python) && Succeeds(Python, "-c", "import paho.mqtt.client") ? null : "python3-paho-mqtt is not installed");

    public static readonly ThirdPartyClient MqttJs = new(
        "MQTT.js",
        $"npm `mqtt` {Package.GetProperty("dependencies").GetProperty("mqtt")}",
        [.. Matrix.SocketTransports, ListenerKind.Quic],
        !IsOnPath("node") ? "Node.js is not installed" : IsInstalled("mqtt") ? null : "MQTT.js is not installed: ./test.sh does it");

    public static readonly ThirdPartyClient[] All = [Mosquitto, Paho, MqttJs];

    /// <summary>Debian's: another python3 earlier on the path may lack the package.</summary>
    private const string Python = "/usr/bin/python3";

    /// <summary>What this machine lacks for the client on one of its <see cref="Transports"/>; null when it can run there.</summary>
    public string? MissingOn(ListenerKind transport) =>
        Matrix.Missing(transport) ?? Missing ?? (transport == ListenerKind.Quic ? QuicheMissing.Value : null);

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

    private static bool IsInstalled(string package) => File.Exists(Path.Combine(Clients, "node_modules", package, "package.json"));

    private static bool Succeeds(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { WorkingDirectory = Clients, RedirectStandardError = true });
        process?.WaitForExit();
        return process?.ExitCode == 0;
    }
}
