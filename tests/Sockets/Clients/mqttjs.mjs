// A client of MQTT.js on any transport of the broker; it connects once.
import { readFileSync } from 'node:fs';
import mqtt from 'mqtt';

const SCHEMES = { tcp: 'mqtt', tls: 'mqtts', ws: 'ws', wss: 'wss' };

export async function connect(version, transport, host, port, caFile, options) {
  const protocolVersion = { '3.1': 3, '3.1.1': 4, '5.0': 5 }[version];
  const all = { protocolVersion, protocolId: protocolVersion === 3 ? 'MQIsdp' : 'MQTT', reconnectPeriod: 0, ...options };
  if (transport === 'quic') {
    const { stream } = await import('./quic.mjs'); // not every machine can
    return new mqtt.MqttClient(() => stream(host, port, caFile), all);
  }
  const ca = transport === 'tls' || transport === 'wss' ? readFileSync(caFile) : undefined;
  return mqtt.connect(`${SCHEMES[transport]}://${host}:${port}${transport.startsWith('ws') ? '/mqtt' : ''}`, { ca, ...all });
}
