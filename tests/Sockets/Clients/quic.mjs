// QUIC by quiche (npm's @matrixai/quic): connections for quiche_client.mjs, and a stream that MQTT.js can run on.
import { randomBytes, webcrypto } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { QUICClient, QUICConnectionId, events } from '@matrixai/quic';

const silent = { debug() {}, info() {}, warn() {}, error() {}, getChild: () => silent };
const crypto = { ops: { randomBytes: async (bytes) => { webcrypto.getRandomValues(new Uint8Array(bytes)); } } };

// A connection after its handshake: `open` opens a stream, `ended` completes with the error code that it was closed with.
export async function connect(host, port, caFile, protocols = ['mqtt']) {
  const client = await QUICClient.createQUICClient({
    host,
    port: Number(port),
    localHost: host, // both ends are on this machine
    serverName: 'localhost',
    crypto,
    logger: silent,
    config: { ca: readFileSync(caFile, 'utf8'), applicationProtos: protocols },
  });
  return {
    open: () => client.connection.newStream(),
    close: (errorCode) => client.destroy({ errorCode }),
    // One more connection identifier for the broker: it needs a fresh one for a path that changes, and the library sends none by itself.
    offerIdentifier() {
      const identifier = QUICConnectionId.fromBuffer(randomBytes(20));
      client.socket.connectionMap.set(identifier, client.connection);
      client.connection.conn.newSourceCid(identifier, 1n, false);
    },
    ended: new Promise((resolve) => {
      client.addEventListener(events.EventQUICClientClose.name, (event) => resolve(event.detail.data.errorCode), { once: true });
    }),
  };
}

// The first stream of a new connection, which ends with it.
export function stream(host, port, caFile) {
  let connection, reader, writer;
  return new Duplex({
    construct(done) {
      connect(host, port, caFile).then((made) => {
        connection = made;
        const { readable, writable } = connection.open();
        [reader, writer] = [readable.getReader(), writable.getWriter()];
        done();
      }).catch(done);
    },
    read() { reader.read().then(({ value }) => this.push(value ?? null), () => this.push(null)); },
    write(chunk, encoding, done) { writer.write(chunk).then(() => done(), done); },
    final(done) { writer.close().then(() => done(), done); },
    destroy(error, done) { (connection?.close(1) ?? Promise.resolve()).then(() => done(error), done); },
  });
}
