using System.Globalization;
using GrainMQ.Gateway.Listeners;
using GrainMQ.Tests.Conformance.Notation;
using GrainMQ.Tests.Conformance.Rows;

namespace GrainMQ.Tests.Conformance.Running;

/// <summary>Plays one row against a gateway of its own.</summary>
internal sealed class RowRunner
{
    private readonly Row _row;
    private readonly MqttVersion _version;
    private readonly RowBroker _broker;
    private readonly Dictionary<string, RowConnection> _connections = [];
    private readonly Dictionary<string, byte[]> _variables = [];
    private readonly List<string> _log = [];

    private RowRunner(Row row, MqttVersion version, RowBroker broker) => (_row, _version, _broker) = (row, version, broker);

    /// <summary>Against a broker in memory.</summary>
    public static async Task RunAsync(Row row, string version, bool everyByteAlone) =>
        await RunAsync(row, version, await MemoryRowBroker.StartAsync(row, everyByteAlone));

    /// <summary>Against a broker on a real socket of that kind.</summary>
    public static async Task RunAsync(Row row, string version, ListenerKind transport) =>
        await RunAsync(row, version, await SocketRowBroker.StartAsync(row, transport));

    private static async Task RunAsync(Row row, string version, RowBroker broker)
    {
        await using (broker)
        {
            await new RowRunner(row, MqttVersionNames.Parse(version), broker).RunAsync();
            await broker.SettledAsync(); // the end of the row ends nothing halfway
        }
    }

    private async Task RunAsync()
    {
        try
        {
            foreach (var line in _row.Steps)
            {
                await RunAsync(Step.Parse(line));
            }
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            throw new RowFailedException($"{_row.Name}\n{string.Join('\n', _log)}\n>>> {failure.Message}", failure);
        }
    }

    private async Task RunAsync(Step step)
    {
        var connection = step.Connection == "" ? null : Connection(step.Connection);
        if (!step.AppliesTo(connection?.Version ?? _version))
        {
            return;
        }

        _log.Add(step.Text);
        if (connection is not null)
        {
            await RunAsync(connection, step);
        }
        else if (step.Verb == "advance")
        {
            await AdvanceAsync(Duration(step.Arguments));
        }
        else
        {
            Differ(step.Arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        }
    }

    private async Task RunAsync(RowConnection connection, Step step)
    {
        switch (step.Verb)
        {
            case ">": await connection.SendAsync(connection.Pattern(step.Arguments).Encode(_variables)); break;
            case "<": await connection.ExpectAsync(Expectation.Parse(step.Arguments, connection.Version, connection.Name)); break;
            case "<<": await connection.ExpectAllAsync(Expectation.ParseMany(step.Arguments, connection.Version, connection.Name)); break;
            case "nothing": await connection.ExpectNothingAsync(); break;
            case "closed": await connection.ExpectClosedAsync(); break;
            case "error": await connection.ExpectErrorAsync(step.Arguments); break;
            case "refused": await connection.ExpectRefusalAsync(step.Arguments); break;
            case "rejected": await connection.ExpectRejectionAsync(); break;
            case "drop": await connection.DropAsync(); break;
            case "limit": connection.Limit = int.Parse(step.Arguments, CultureInfo.InvariantCulture); break;
            case "version": connection.Version = MqttVersionNames.Parse(step.Arguments); break;
            default: await RunMacroAsync(connection, step.Verb); break;
        }
    }

    private async Task RunMacroAsync(RowConnection connection, string name)
    {
        if (!ConformanceData.Current.Macros.TryGetValue(name, out var lines))
        {
            throw new FormatException($"'{name}' is neither a verb nor a macro.");
        }

        foreach (var line in lines)
        {
            await RunAsync(Step.Parse($"{connection.Name} {line}"));
        }
    }

    private RowConnection Connection(string name)
    {
        if (_connections.TryGetValue(name, out var connection))
        {
            return connection;
        }

        return _connections[name] = new RowConnection(name, _version, _broker, _variables);
    }

    /// <summary>Settles before and after, so that a row is a sequence: timers see what was sent, what they cause comes next.</summary>
    private async Task AdvanceAsync(TimeSpan by)
    {
        await _broker.SettledAsync();
        _broker.Advance(by);
        await _broker.SettledAsync();
    }

    private static TimeSpan Duration(string text)
    {
        var number = int.Parse(text.AsSpan(0, text.Length - 1), CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            's' => TimeSpan.FromSeconds(number),
            'h' => TimeSpan.FromHours(number),
            _ => throw new FormatException($"A duration ends with s or h: {text}"),
        };
    }

    private void Differ(string[] names)
    {
        var values = names.Select(name => Convert.ToHexString(_variables[name.TrimStart('$').TrimEnd('*')])).ToArray();
        if (values.Distinct().Count() != values.Length)
        {
            throw new RowFailedException($"the same value twice: {string.Join(", ", values)}");
        }
    }
}
