// MQTT over QUIC on quiche (npm's @matrixai/quic) against a broker.
//
//     node quiche_client.mjs VERSION HOST PORT CA_FILE NAME
//
// VERSION is 3.1, 3.1.1 or 5.0; NAME begins every client identifier and topic. Prints one line of JSON for each scenario: {"scenario": ...,
// "error": null or what went wrong}. "single" is one stream for everything, "multi" a control stream and a data stream each for subscribing
// and publishing. Nothing sleeps: every wait is for an event or a PINGREQ that is due, and LIMIT is there for what is stuck.
import { Buffer } from 'node:buffer';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import * as quic from './quic.mjs';

const LIMIT = 60_000;
const KEEP_ALIVE = 2;
const [version, host, port, caFile, name] = process.argv.slice(2);
const level = { '3.1': 3, '3.1.1': 4, '5.0': 5 }[version];
const NO_APPLICATION_PROTOCOL = 0x178; // QUIC's for TLS alert 120 (RFC 9001, 4.8)
const [CONNACK, PUBLISH, PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK, PINGRESP] = [2, 3, 4, 5, 6, 7, 9, 11, 13];

const uint16 = (number) => Buffer.from([number >> 8, number & 255]);
const text = (value) => Buffer.concat([uint16(Buffer.byteLength(value)), Buffer.from(value)]);
const noProperties = Buffer.alloc(level === 5 ? 1 : 0);

function packet(first, ...parts) {
  const body = Buffer.concat(parts);
  const head = [first];
  let length = body.length;
  do {
    head.push((length & 127) | (length > 127 ? 128 : 0));
    length >>= 7;
  } while (length > 0);
  return Buffer.concat([Buffer.from(head), body]);
}

const connectPacket = (clientId, keepAlive) =>
  packet(0x10, text(level === 3 ? 'MQIsdp' : 'MQTT'), Buffer.from([level, 2]), uint16(keepAlive), noProperties, text(clientId));
const subscribePacket = (packetId, topic, qos) => packet(0x82, uint16(packetId), noProperties, text(topic), Buffer.from([qos]));
const unsubscribePacket = (packetId, topic) => packet(0xa2, uint16(packetId), noProperties, text(topic));
const publishPacket = (packetId, topic, payload, qos) =>
  packet(0x30 | (qos << 1), text(topic), qos ? uint16(packetId) : Buffer.alloc(0), noProperties, payload);
const ackPacket = (type, packetId) => packet((type << 4) | (type === PUBREL ? 2 : 0), uint16(packetId));

// One QUIC stream as packets. Publications that come while something else is awaited are kept.
class Stream {
  #reader;
  #writer;
  #bytes = Buffer.alloc(0);
  #aside = [];

  constructor({ readable, writable }) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
  }

  send(bytes) { return this.#writer.write(bytes); }

  // FIN; what the broker still says can be received.
  finish() { return this.#writer.close(); }

  async #take(count) {
    while (this.#bytes.length < count) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error('the broker has ended the stream');
      this.#bytes = Buffer.concat([this.#bytes, value]);
    }
    const taken = this.#bytes.subarray(0, count);
    this.#bytes = this.#bytes.subarray(count);
    return taken;
  }

  async #receive() {
    const [first] = await this.#take(1);
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const [digit] = await this.#take(1);
      length |= (digit & 127) << shift;
      if (digit < 128) return { type: first >> 4, qos: (first >> 1) & 3, body: await this.#take(length) };
    }
  }

  async expect(type, packetId) {
    while (true) {
      const received = await this.#receive();
      if (received.type === PUBLISH && type !== PUBLISH) {
        this.#aside.push(received);
        continue;
      }
      expect(type, received.type);
      if (packetId !== undefined) expect(packetId, received.body.readUInt16BE());
      return received;
    }
  }

  // FIN of the broker and nothing before it.
  async expectEnd() { expect([true, 0], [(await this.#reader.read()).done, this.#bytes.length]); }

  // The stream is reset with this code.
  async expectReset(code) {
    const error = await this.#reader.read().then(() => undefined, (reason) => reason);
    expect(`read ${code}`, error?.message);
  }

  async subscribe(packetId, topic, qos) {
    await this.send(subscribePacket(packetId, topic, qos));
    await this.expect(SUBACK, packetId);
  }

  // Completes with the last acknowledgement that the QoS asks for.
  async publish(packetId, topic, payload, qos) {
    await this.send(publishPacket(packetId, topic, Buffer.from(payload), qos));
    if (qos === 1) await this.expect(PUBACK, packetId);
    if (qos === 2) {
      await this.expect(PUBREC, packetId);
      await this.send(ackPacket(PUBREL, packetId));
      await this.expect(PUBCOMP, packetId);
    }
  }

  // The next publication, acknowledged: topic, payload and QoS.
  async message() {
    const { qos, body } = this.#aside.shift() ?? (await this.expect(PUBLISH));
    const end = 2 + body.readUInt16BE();
    const topic = body.subarray(2, end).toString();
    let rest = body.subarray(end);
    if (qos) {
      const packetId = rest.readUInt16BE();
      rest = rest.subarray(2);
      await this.send(ackPacket(qos === 1 ? PUBACK : PUBREC, packetId));
      if (qos === 2) {
        await this.expect(PUBREL, packetId);
        await this.send(ackPacket(PUBCOMP, packetId));
      }
    }
    if (level === 5) rest = rest.subarray(1 + rest[0]); // short properties: their length is one byte
    return [topic, rest.toString('latin1'), qos];
  }

  async ping() {
    await this.send(packet(0xc0));
    await this.expect(PINGRESP);
  }
}

// One QUIC connection whose CONNECT was accepted.
class Peer {
  static async connect(peerName, { keepAlive = 0, at = port } = {}) {
    const peer = new Peer();
    peer.connection = await quic.connect(host, at, caFile);
    peer.control = peer.open();
    await peer.control.send(connectPacket(name + peerName, keepAlive));
    const { body } = await peer.control.expect(CONNACK);
    expect(0, body[1]);
    return peer;
  }

  open() { return new Stream(this.connection.open()); }

  // DISCONNECT, the FIN of both sides, and the broker closes the connection with 0.
  async disconnect() {
    await this.control.send(packet(0xe0));
    await this.control.expectEnd();
    await this.control.finish();
    expect(0, await this.connection.ended);
  }
}

function expect(expected, actual) {
  if (!isDeepStrictEqual(expected, actual)) throw new Error(`expected ${JSON.stringify(expected)}, got ${JSON.stringify(actual)}`);
}

async function roundTrip(mode, qos) {
  const topic = `${name}/${mode}/${qos}`;
  const peer = await Peer.connect(`${mode}${qos}`);
  const [subscriber, publisher] = mode === 'multi' ? [peer.open(), peer.open()] : [peer.control, peer.control];
  await subscriber.subscribe(1, topic, qos);
  for (let number = 0; number < 20; number++) {
    await publisher.publish(2 + number, topic, String(number), qos);
    expect([topic, String(number), qos], await subscriber.message());
  }
  await peer.control.ping();
  await subscriber.send(unsubscribePacket(50, topic));
  await subscriber.expect(UNSUBACK, 50);
  await peer.disconnect();
}

async function large(mode) {
  const topic = `${name}/${mode}/large`;
  const payload = Buffer.alloc(200 * 1024, Buffer.from(Array.from({ length: 256 }, (_, number) => number)));
  const peer = await Peer.connect(`${mode}large`);
  const stream = mode === 'multi' ? peer.open() : peer.control;
  await stream.subscribe(1, topic, 1);
  await stream.publish(2, topic, payload, 1);
  expect([topic, payload.toString('latin1'), 1], await stream.message());
  await peer.disconnect();
}

// Idle for more than three Keep Alives but for PINGREQ.
async function keepAlive(mode) {
  const peer = await Peer.connect(`${mode}idle`, { keepAlive: KEEP_ALIVE });
  if (mode === 'multi') await peer.open().subscribe(1, `${name}/idle`, 1);
  const began = performance.now();
  while (performance.now() - began <= 3000 * KEEP_ALIVE + 1000) {
    await peer.control.ping();
    await setTimeout(500 * KEEP_ALIVE);
  }
  await peer.disconnect();
}

// A data stream that is used before CONNACK is served after it.
async function held() {
  const connection = await quic.connect(host, port, caFile);
  const [control, data] = [new Stream(connection.open()), new Stream(connection.open())];
  const hello = connectPacket(`${name}held`, 0);
  await control.send(hello.subarray(0, -1));
  await data.send(subscribePacket(1, `${name}/held`, 0));
  await control.send(hello.subarray(-1));
  await control.expect(CONNACK);
  await data.expect(SUBACK, 1);
  await connection.close(0);
}

// NanoSDK opens five streams, whatever it needs.
async function fiveStreams() {
  const peer = await Peer.connect('five');
  const streams = Array.from({ length: 5 }, () => peer.open());
  for (const [number, stream] of streams.entries()) await stream.subscribe(1, `${name}/five/${number}`, 1);
  for (const [number, stream] of streams.entries()) {
    await peer.control.publish(1 + number, `${name}/five/${number}`, 'x', 1);
    expect([`${name}/five/${number}`, 'x', 1], await stream.message());
  }
  await peer.disconnect();
}

// A stream that ends whole gets its acknowledgement and FIN; its subscriptions go on over the control stream.
async function endedStream() {
  const topic = `${name}/ended`;
  const peer = await Peer.connect('ended');
  const stream = peer.open();
  await stream.subscribe(1, topic, 1);
  await stream.send(publishPacket(2, `${topic}/other`, Buffer.from('x'), 1));
  await stream.finish();
  await stream.expect(PUBACK, 2);
  await stream.expectEnd();
  await peer.control.publish(3, topic, 'later', 1);
  expect([topic, 'later', 1], await peer.control.message());
  await peer.disconnect();
}

// A stream that ends inside a packet is reset; the others go on.
async function brokenStream() {
  const peer = await Peer.connect('broken');
  const stream = peer.open();
  await stream.send(publishPacket(1, `${name}/broken`, Buffer.from('x'), 1).subarray(0, -1));
  await stream.finish();
  await stream.expectReset(0x82);
  await peer.control.ping();
  await peer.disconnect();
}

// A NAT between client and broker forgets them, and gives the client another port. quiche knows nothing of it.
async function migration() {
  const inside = createSocket('udp4').bind(0, host);
  await once(inside, 'listening');
  let client, outside, bytes = 0;
  inside.on('message', (datagram, from) => { client = from; outside.send(datagram, port, host); });
  const rebind = () => {
    outside?.close();
    outside = createSocket('udp4');
    outside.on('message', (datagram) => { bytes += datagram.length; inside.send(datagram, client.port, client.address); });
  };
  rebind();
  const peer = await Peer.connect('migration', { at: inside.address().port });
  peer.connection.offerIdentifier();
  await peer.control.ping();
  rebind();
  bytes = 0;
  for (let round = 0; round < 3; round++) await peer.control.ping();
  expect(true, bytes > 0);
  await peer.disconnect();
  inside.close();
  outside.close();
}

// Without any protocol quiche refuses by itself, so that is left to aioquic.
async function wrongProtocol() {
  const error = await quic.connect(host, port, caFile, ['h3']).then(() => undefined, (reason) => reason);
  expect(NO_APPLICATION_PROTOCOL, error?.data?.errorCode);
}

async function run(scenario, action) {
  let error = null;
  const over = new AbortController();
  const stuck = setTimeout(LIMIT, undefined, { signal: over.signal }).then(() => { throw new Error('stuck'); });
  try {
    await Promise.race([action(), stuck]);
  } catch (failure) {
    error = String(failure);
  }
  over.abort();
  stuck.catch(() => {});
  console.log(JSON.stringify({ scenario, error }));
}

// All at once: a connection that the broker has closed takes quiche a second to be done with.
const modes = ['single', 'multi'].flatMap((mode) => [
  ...[0, 1, 2].map((qos) => run(`${mode} qos${qos}`, () => roundTrip(mode, qos))),
  run(`${mode} large`, () => large(mode)),
  run(`${mode} keep-alive`, () => keepAlive(mode)),
]);
await Promise.all([
  ...modes,
  run('held', held),
  run('five streams', fiveStreams),
  run('ended stream', endedStream),
  run('broken stream', brokenStream),
  run('migration', migration),
  run('wrong alpn', wrongProtocol),
]);
process.exit(0);
