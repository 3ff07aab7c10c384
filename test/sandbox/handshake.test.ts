/** The handshake seen by an initiator written here from the Noise framework, since the client's own checks are no-ops. */
import { createCipheriv, createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { Curve, proto } from '@whiskeysockets/baileys';
import { certifyServerKey } from '../../runtime/sandbox/certificate-chain.ts';
import { checkDeviceIdentity, vouchFor } from '../../runtime/sandbox/adv.ts';
import { encodeFrame, FrameReader, PROLOGUE } from '../../runtime/sandbox/framing.ts';
import { NoiseHandshake } from '../../runtime/sandbox/noise.ts';
import { isSignedBy } from '../../runtime/sandbox/xeddsa.ts';

const { CertChain, ADVSignedDeviceIdentity, ADVSignedDeviceIdentityHMAC } = proto;
const { Details } = CertChain.NoiseCertificate;
const nothing = Buffer.alloc(0);
const sha256 = (...parts: Uint8Array[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
const iv = (counter: number) => Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, counter]);

class Initiator {
  hash = Buffer.from('Noise_XX_25519_AESGCM_SHA256\0\0\0\0');
  salt = this.hash;
  key = this.hash;
  counter = 0;

  mixHash(data: Uint8Array) {
    this.hash = sha256(this.hash, data);
  }
  mixKey(shared: Uint8Array) {
    const out = Buffer.from(hkdfSync('sha256', shared, this.salt, '', 64));
    [this.salt, this.key, this.counter] = [out.subarray(0, 32), out.subarray(32), 0];
  }
  seal(plaintext: Uint8Array) {
    const cipher = createCipheriv('aes-256-gcm', this.key, iv(this.counter++)).setAAD(this.hash);
    const sealed = Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    this.mixHash(sealed);
    return sealed;
  }
  open(sealed: Uint8Array) {
    const decipher = createDecipheriv('aes-256-gcm', this.key, iv(this.counter++)).setAAD(this.hash);
    decipher.setAuthTag(sealed.subarray(-16));
    const plaintext = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
    this.mixHash(sealed);
    return plaintext;
  }
}

/** Verifies a chain as a careful client would. Throws at the first thing that is not so. */
function verifyChain(bytes: Uint8Array, rootKey: Uint8Array, serverKey: Uint8Array): void {
  const { leaf, intermediate } = CertChain.decode(bytes);
  const issuer = verified(intermediate, rootKey, 'the root');
  const subject = verified(leaf, issuer.key ?? nothing, 'the intermediate');
  if (issuer.issuerSerial !== 0 || subject.issuerSerial !== issuer.serial) throw new Error('another issuer');
  if (Buffer.compare(subject.key ?? nothing, serverKey) !== 0) throw new Error('another server key');
}

function verified(certificate: proto.CertChain.INoiseCertificate | null | undefined, signer: Uint8Array, name: string) {
  const { details, signature } = certificate ?? {};
  if (!details || !signature || !isSignedBy(signer, details, signature)) throw new Error(`not signed by ${name}`);
  const said = Details.decode(details);
  if (Number(said.notAfter) * 1_000 < Date.now()) throw new Error(`${name} signed for a time that is over`);
  return said;
}

const flipped = (bytes: Uint8Array, at: number) => Buffer.from(bytes).fill((bytes[at] ?? 0) ^ 1, at, at + 1);

test('a handshake gives both sides the same keys and the client a chain for the key it spoke with', () => {
  const serverKey = Curve.generateKeyPair();
  const { rootKey, chain } = certifyServerKey(serverKey.public);
  const [ephemeral, noise] = [Curve.generateKeyPair(), Curve.generateKeyPair()];
  const server = new NoiseHandshake(PROLOGUE, serverKey);
  const client = new Initiator();
  client.mixHash(PROLOGUE);
  client.mixHash(ephemeral.public);
  const hello = server.answer(ephemeral.public, chain);
  client.mixHash(hello.ephemeral);
  client.mixKey(Curve.sharedKey(ephemeral.private, hello.ephemeral));
  const shownKey = client.open(hello.static);
  client.mixKey(Curve.sharedKey(ephemeral.private, shownKey));
  verifyChain(client.open(hello.payload), rootKey, shownKey);

  const sealedKey = client.seal(noise.public);
  client.mixKey(Curve.sharedKey(noise.private, hello.ephemeral));
  const { clientKey, payload, transport } = server.finish(sealedKey, client.seal(Buffer.from('who I am')));
  expect(clientKey.equals(noise.public)).toBe(true);
  expect(payload.toString()).toBe('who I am');

  client.mixKey(Buffer.alloc(0));
  const cipher = createCipheriv('aes-256-gcm', client.salt, iv(0));
  const frame = Buffer.concat([cipher.update('a frame'), cipher.final(), cipher.getAuthTag()]);
  expect(transport.decrypt(frame).toString()).toBe('a frame');
});

test('a certificate chain does not verify under another root, nor with a changed byte in what it says or signs', () => {
  const server = Curve.generateKeyPair();
  const { rootKey, chain } = certifyServerKey(server.public);
  expect(() => verifyChain(chain, rootKey, server.public)).not.toThrow();
  expect(() => verifyChain(chain, Curve.generateKeyPair().public, server.public)).toThrow('root');
  const { leaf, intermediate } = CertChain.decode(chain);
  for (const which of ['leaf', 'intermediate'] as const) {
    for (const field of ['details', 'signature'] as const) {
      const certificate = (which === 'leaf' ? leaf : intermediate) ?? {};
      const bytes = certificate[field] ?? Buffer.alloc(0);
      for (let at = 1; at < bytes.length; at += 21) {
        const changed = { leaf, intermediate, [which]: { ...certificate, [field]: flipped(bytes, at) } };
        expect(() => verifyChain(CertChain.encode(changed).finish(), rootKey, server.public)).toThrow();
      }
    }
  }
});

test.each([
  ['root', 'not signed by the root'],
  ['issuer', 'another issuer'],
  ['expired', 'the root signed for a time that is over'],
  ['key', 'another server key'],
] as const)('a careful client refuses a certificate chain with a flaw: %s', (flaw, problem) => {
  const server = Curve.generateKeyPair();
  const { rootKey, flawed } = certifyServerKey(server.public);
  expect(() => verifyChain(flawed(flaw), rootKey, server.public)).toThrow(problem);
});

test('a tampered handshake message is refused', () => {
  const server = new NoiseHandshake(PROLOGUE, Curve.generateKeyPair());
  server.answer(Curve.generateKeyPair().public, Buffer.from('chain'));
  expect(() => server.finish(Buffer.alloc(48), Buffer.alloc(32))).toThrow();
});

test('a device identity holds only with both signatures over exactly these keys', () => {
  const [account, device] = [Curve.generateKeyPair(), Curve.generateKeyPair()];
  const phone = { identityKey: account.public, sign: (bytes: Uint8Array) => Curve.sign(account.private, bytes) };
  const sealed = ADVSignedDeviceIdentityHMAC.decode(vouchFor(phone, device.public, 1, Buffer.alloc(32, 1)));
  const identity = ADVSignedDeviceIdentity.decode(sealed.details ?? Buffer.alloc(0));
  const details = Buffer.from(identity.details ?? Buffer.alloc(0));
  const message = Buffer.concat([Buffer.from([6, 1]), details, device.public, account.public]);
  const deviceSignature = Curve.sign(device.private, message);
  const show = (changes: Partial<typeof identity>) =>
    ADVSignedDeviceIdentity.encode({ ...identity, deviceSignature, ...changes }).finish();

  expect(() => checkDeviceIdentity(show({}), account.public, device.public)).not.toThrow();
  expect(() => checkDeviceIdentity(show({ details: flipped(details, 3) }), account.public, device.public)).toThrow(
    'the account did not sign',
  );
  const accountSignature = flipped(identity.accountSignature ?? Buffer.alloc(64), 5);
  expect(() => checkDeviceIdentity(show({ accountSignature }), account.public, device.public)).toThrow('the account');
  expect(() =>
    checkDeviceIdentity(show({ deviceSignature: flipped(deviceSignature, 5) }), account.public, device.public),
  ).toThrow('the device did not sign');
  expect(() => checkDeviceIdentity(show({}), account.public, account.public)).toThrow('the account did not sign');
});

test('frames are found however the bytes are cut, with and without a route before them', () => {
  const route = Buffer.concat([Buffer.from('ED'), Buffer.from([0, 1, 0, 0, 4]), Buffer.from('path')]);
  for (const before of [Buffer.alloc(0), route]) {
    const stream = Buffer.concat([before, PROLOGUE, encodeFrame(Buffer.from('one')), encodeFrame(Buffer.from('two'))]);
    for (const size of [1, 3, stream.length]) {
      const reader = new FrameReader();
      const frames: string[] = [];
      for (let at = 0; at < stream.length; at += size) {
        frames.push(...reader.push(stream.subarray(at, at + size)).map(String));
      }
      expect(frames).toEqual(['one', 'two']);
    }
  }
  expect(() => new FrameReader().push(Buffer.from('GET / HTTP/1.1'))).toThrow('prologue');
});
