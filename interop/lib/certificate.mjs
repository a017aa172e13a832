// A certificate that somebody made for themselves, as build servers have them. Node.js makes keys but no certificates, so this
// writes one, [RFC 5280 §4.1], in DER.

import { X509Certificate, createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

const SHA256_WITH_RSA = Buffer.from('06092a864886f70d01010b', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const DAY = 86_400_000;

/** A fresh RSA key with a certificate of this name for a month: `privateKey` and `certificate` in PEM, `sha1` and `sha256` of it in hex. */
export function certificateOf(name) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const algorithm = sequence(SHA256_WITH_RSA, element(0x05));
  const named = sequence(element(0x31, sequence(COMMON_NAME, element(0x0c, Buffer.from(name)))));
  const serial = element(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)]));
  const lives = sequence(time(Date.now() - DAY), time(Date.now() + 30 * DAY));
  const told = sequence(version3(), serial, algorithm, named, lives, named, publicKey.export({ type: 'spki', format: 'der' }));
  const signature = element(0x03, Buffer.of(0), sign('sha256', told, privateKey));
  const der = sequence(told, algorithm, signature);
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificate: new X509Certificate(der).toString(),
    sha1: createHash('sha1').update(der).digest('hex'),
    sha256: createHash('sha256').update(der).digest('hex'),
  };
}

function version3() {
  return element(0xa0, element(0x02, Buffer.of(2)));
}

function time(at) {
  const [digits] = new Date(at).toISOString().replace(/[-:T]/g, '').split('.');
  return element(0x17, Buffer.from(`${digits.slice(2)}Z`));
}

function sequence(...parts) {
  return element(0x30, ...parts);
}

function element(tag, ...parts) {
  const content = Buffer.concat(parts);
  const length = content.length;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...size), content]);
}
