// MQTT.js (npm) against a broker.
//
//     node mqttjs_client.mjs VERSION TRANSPORT HOST PORT CA_FILE NAME
//
// VERSION is 3.1, 3.1.1 or 5.0; TRANSPORT is tcp, tls, ws, wss or quic; NAME begins every client identifier and topic. Prints one line of
// JSON for each scenario: {"scenario": ..., "error": null or what went wrong}. Nothing sleeps: every wait is for an event, and
// LIMIT is there for what is stuck.
import { Buffer } from 'node:buffer';
import { createHash, randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { connect } from './mqttjs.mjs';

const LIMIT = 60_000;
const KEEP_ALIVE = 1;
const [version, transport, host, port, caFile, name] = process.argv.slice(2);
const protocolVersion = { '3.1': 3, '3.1.1': 4, '5.0': 5 }[version];

// What arrives in order, and who waits for it.
class Inbox {
  #items = [];
  #waiting = [];

  put(item) {
    const next = this.#waiting.shift();
    if (next) next(item);
    else this.#items.push(item);
  }

  get(what) {
    if (this.#items.length > 0) return Promise.resolve(this.#items.shift());
    return new Promise((resolve, reject) => {
      const stuck = setTimeout(() => reject(new Error(`stuck waiting for ${what}`)), LIMIT);
      this.#waiting.push((item) => { clearTimeout(stuck); resolve(item); });
    });
  }
}

// One client, connected. Messages arrive in an inbox.
class Peer {
  messages = new Inbox();
  pings = new Inbox();

  static async connect(peerName, { durable = false, keepalive = 60, will } = {}) {
    const peer = new Peer();
    const connected = new Inbox();
    peer.client = await connect(version, transport, host, port, caFile, {
      clientId: name + peerName,
      clean: !durable,
      properties: protocolVersion === 5 ? { sessionExpiryInterval: durable ? 300 : 0 } : undefined,
      keepalive,
      reschedulePings: false,
      will,
      connectTimeout: LIMIT,
    });
    peer.client.on('connect', (connack) => connected.put(connack));
    peer.client.on('error', (error) => connected.put(error));
    peer.client.on('close', () => { peer.isClosed = true; connected.put(new Error('closed')); });
    peer.client.on('message', (topic, payload, packet) => peer.messages.put(packet));
    peer.client.on('packetreceive', (packet) => { if (packet.cmd === 'pingresp') peer.pings.put(packet); });
    const connack = await connected.get('CONNACK');
    if (connack instanceof Error) throw connack;
    peer.sessionPresent = connack.sessionPresent;
    return peer;
  }

  async subscribe(filter, qos) {
    const [granted] = await this.client.subscribeAsync(filter, { qos });
    expect(qos, granted.qos);
    return this;
  }

  // Completes with the last acknowledgement that the QoS asks for.
  publish(topic, payload, qos, rest = {}) { return this.client.publishAsync(topic, payload, { qos, ...rest }); }

  message() { return this.messages.get('a message'); }

  async close() {
    if (this.isClosed) throw new Error('the broker has ended the connection');
    await this.client.endAsync();
  }

  // The network breaks: no DISCONNECT.
  drop() { this.client.stream.destroy(); }
}

function expect(expected, actual) {
  if (!isDeepStrictEqual(expected, actual)) throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

const text = (packet) => packet.payload.toString();
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex');

async function roundTrip(qos) {
  const topic = `${name}/qos${qos}`;
  const peer = await (await Peer.connect(`qos${qos}`)).subscribe(topic, qos);
  await peer.publish(topic, 'hello', qos);
  const message = await peer.message();
  expect([topic, 'hello', qos, false], [message.topic, text(message), message.qos, message.retain]);
  await peer.close();
}

async function retained() {
  const topic = `${name}/retained`;
  const peer = await Peer.connect('retain');
  await peer.publish(topic, 'kept', 1, { retain: true });
  const first = await (await Peer.connect('retain1')).subscribe(topic, 1);
  const message = await first.message();
  expect(['kept', true], [text(message), message.retain]);
  await peer.publish(topic, '', 1, { retain: true });
  expect('', text(await first.message()));
  const second = await (await Peer.connect('retain2')).subscribe(topic, 1);
  await peer.publish(topic, 'live', 1);
  expect('live', text(await second.message()));
  for (const each of [peer, first, second]) await each.close();
}

async function will() {
  const topic = `${name}/will`;
  const watcher = await (await Peer.connect('watcher')).subscribe(topic, 1);
  const dying = await Peer.connect('dying', { will: { topic, payload: Buffer.from('gone'), qos: 1, retain: false } });
  dying.drop();
  expect('gone', text(await watcher.message()));
  await watcher.close();
}

async function session() {
  const topic = `${name}/session`;
  await (await (await Peer.connect('durable', { durable: true })).subscribe(topic, 2)).close();
  const publisher = await Peer.connect('offline');
  const sent = Array.from({ length: 20 }, (_, number) => [String(number), 1 + (number % 2)]);
  for (const [payload, qos] of sent) await publisher.publish(topic, payload, qos);
  const resumed = await Peer.connect('durable', { durable: true });
  if (protocolVersion !== 3) expect(true, resumed.sessionPresent); // the CONNACK of 3.1 has no such flag
  const got = [];
  while (got.length < sent.length) {
    const message = await resumed.message();
    got.push([text(message), message.qos]);
  }
  // MQTT.js hands a QoS 2 message over with PUBREL: order is within a QoS
  for (const qos of [1, 2]) expect(sent.filter((each) => each[1] === qos), got.filter((each) => each[1] === qos));
  await resumed.close();
  await publisher.close();
}

async function shared() {
  const topic = `${name}/shared`;
  const inbox = new Inbox();
  const members = [];
  for (let number = 0; number < 2; number++) {
    const member = await (await Peer.connect(`member${number}`)).subscribe(`$share/group/${topic}`, 1);
    member.client.on('message', (_, payload) => inbox.put(payload.toString()));
    members.push(member);
  }
  const publisher = await Peer.connect('sharer');
  const sent = Array.from({ length: 20 }, (_, number) => String(number));
  for (const payload of sent) await publisher.publish(topic, payload, 1);
  const got = [];
  while (got.length < sent.length) got.push(await inbox.get('a message of the group'));
  expect([...sent].sort(), got.sort());
  for (const each of [...members, publisher]) await each.close();
}

async function requestResponse() {
  const [topic, responseTopic] = [`${name}/request`, `${name}/response`];
  const responder = await (await Peer.connect('responder')).subscribe(topic, 1);
  const requester = await (await Peer.connect('requester')).subscribe(responseTopic, 1);
  const correlationData = Buffer.from([0, 1, 255]);
  await requester.publish(topic, 'question', 1, { properties: { responseTopic, correlationData } });
  const request = await responder.message();
  await responder.publish(request.properties.responseTopic, 'answer', 1, { properties: { correlationData: request.properties.correlationData } });
  const response = await requester.message();
  expect(['answer', correlationData.toString('hex')], [text(response), response.properties.correlationData.toString('hex')]);
  await requester.close();
  await responder.close();
}

async function large() {
  const topic = `${name}/large`;
  const payload = randomBytes(200 * 1024);
  const peer = await (await Peer.connect('large')).subscribe(topic, 1);
  await peer.publish(topic, payload, 1);
  expect(hash(payload), hash((await peer.message()).payload));
  await peer.close();
}

async function keepAlive() {
  const began = performance.now();
  const peer = await Peer.connect('idle', { keepalive: KEEP_ALIVE });
  while (performance.now() - began <= 3500 * KEEP_ALIVE) await peer.pings.get('PINGRESP');
  await peer.close();
}

async function run(scenario, action) {
  let error = null;
  try {
    await action();
  } catch (failure) {
    error = String(failure);
  }
  console.log(JSON.stringify({ scenario, error }));
}

const idle = run('keep-alive', keepAlive);
for (const qos of [0, 1, 2]) await run(`qos${qos}`, () => roundTrip(qos));
await run('retained', retained);
await run('will', will);
await run('session', session);
await run('shared', shared);
if (protocolVersion === 5) await run('request-response', requestResponse);
await run('large', large);
await idle;
process.exit(0);
