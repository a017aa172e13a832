// Certificates: one that somebody made for themselves, as build servers have them, and one of the demo's authority for a host of this
// machine. Node.js makes keys but no certificates, so this writes them, [RFC 5280 §4.1], in DER.

import { X509Certificate, createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SHA256_WITH_RSA = Buffer.from('06092a864886f70d01010b', 'hex');
const SHA256_WITH_ECDSA = Buffer.from('06082a8648ce3d040302', 'hex');
const COMMON_NAME = Buffer.from('0603550403', 'hex');
const SUBJECT_ALT_NAME = Buffer.from('0603551d11', 'hex');
const DAY = 86_400_000;

/** A fresh RSA key with a certificate of this name for a month: `privateKey` and `certificate` in PEM, `sha1` and `sha256` of it in hex. */
export function certificateOf(name) {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const algorithm = sequence(SHA256_WITH_RSA, element(0x05));
  const der = certificate({ algorithm, issuer: named(name), subject: named(name), publicKey, signer: privateKey });
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    certificate: new X509Certificate(der).toString(),
    sha1: createHash('sha1').update(der).digest('hex'),
    sha256: createHash('sha256').update(der).digest('hex'),
  };
}

/** A fresh key with a certificate for `localhost` that the authority of this demo's folder vouches for: `key` and `cert`, as servers take them. */
export async function localhostCertificate(folder) {
  const [signer, authority] = await Promise.all(['authority.key', 'authority.pem'].map((file) => readFile(join(folder, file))));
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const names = sequence(element(0x82, Buffer.from('localhost')));
  const extensions = element(0xa3, sequence(sequence(SUBJECT_ALT_NAME, element(0x04, names))));
  const issuer = nameOf(new X509Certificate(authority).raw);
  const der = certificate({ algorithm: sequence(SHA256_WITH_ECDSA), issuer, subject: named('localhost'), publicKey, signer, extensions });
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }), cert: new X509Certificate(der).toString() };
}

function certificate({ algorithm, issuer, subject, publicKey, signer, extensions = Buffer.alloc(0) }) {
  const serial = element(0x02, Buffer.concat([Buffer.of(1), randomBytes(15)]));
  const lives = sequence(time(Date.now() - DAY), time(Date.now() + 30 * DAY));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  const told = sequence(version3(), serial, algorithm, issuer, lives, subject, spki, extensions);
  return sequence(told, algorithm, element(0x03, Buffer.of(0), sign('sha256', told, signer)));
}

function named(name) {
  return sequence(element(0x31, sequence(COMMON_NAME, element(0x0c, Buffer.from(name)))));
}

/** The issuer's name of a certificate, as it stands there: after version, serial number and algorithm. */
function nameOf(der) {
  const inside = (of) => of.subarray(sizes(of).head);
  const parts = inside(inside(der));
  let at = 0;
  for (let before = 0; before < 3; before += 1) at += sizes(parts.subarray(at)).whole;
  return parts.subarray(at, at + sizes(parts.subarray(at)).whole);
}

/** How long an element's head is, and all of it. */
function sizes(der) {
  const more = der[1] < 0x80 ? 0 : der[1] & 0x7f;
  const length = more ? der.readUIntBE(2, more) : der[1];
  return { head: 2 + more, whole: 2 + more + length };
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
