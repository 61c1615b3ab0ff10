// MQTT.js with user name and password, and on MQTT 5 with the Authentication Method SCRAM-SHA-256 (RFC 7677); right and wrong.
//
//     node mqttjs_password.mjs VERSION TRANSPORT HOST PORT CA_FILE USER PASSWORD
//
// Prints "in" or "refused" for each, else what happened.
import { Buffer } from 'node:buffer';
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { connect } from './mqttjs.mjs';

const METHOD = 'SCRAM-SHA-256';
const LIMIT = 60_000;
const [version, transport, host, port, caFile, user, password] = process.argv.slice(2);
const hmac = (key, text) => createHmac('sha256', key).update(text).digest();

async function outcome(more, prepare = () => {}) {
  const client = await connect(version, transport, host, port, caFile, { clientId: `js-${version}-${transport}`, connectTimeout: LIMIT, ...more });
  prepare(client);
  return new Promise((resolve) => {
    client.on('connect', () => client.end(false, () => resolve('in')));
    client.on('error', (error) => { client.end(true); resolve([4, 0x86].includes(error.code) ? 'refused' : String(error)); });
  });
}

// The password stays here: only a proof of it is sent.
function scram(secret) {
  const first = `n=${user},r=${randomBytes(18).toString('base64')}`;
  const answer = (challenge) => {
    const [nonce, salt, iterations] = challenge.split(',').map((part) => part.slice(2));
    const salted = pbkdf2Sync(secret, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
    const key = hmac(salted, 'Client Key');
    const bare = `c=biws,r=${nonce}`;
    const signature = hmac(createHash('sha256').update(key).digest(), `${first},${challenge},${bare}`);
    return `${bare},p=${Buffer.from(key.map((byte, i) => byte ^ signature[i])).toString('base64')}`;
  };
  return outcome({ properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(`n,,${first}`) } }, (client) => {
    client.handleAuth = (packet, callback) => callback(undefined, {
      cmd: 'auth',
      reasonCode: 0x18,
      properties: { authenticationMethod: METHOD, authenticationData: Buffer.from(answer(packet.properties.authenticationData.toString())) },
    });
  });
}

console.log(`right: ${await outcome({ username: user, password })}`);
console.log(`wrong: ${await outcome({ username: user, password: `${password}!` })}`);
if (version === '5.0') {
  console.log(`scram: ${await scram(password)}`);
  console.log(`scram wrong: ${await scram(`${password}!`)}`);
}
