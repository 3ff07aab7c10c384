/** What an account's phone does to link a client: it scans or takes a code, and vouches for the new device. */
import { checkDeviceIdentity, vouchFor } from '../adv.ts';
import type { Person } from '../directory.ts';
import { LinkedDevice, linkedDevicesOf } from '../linked-device.ts';
import type { SignalDevice } from '../signal-device.ts';
import { bytesOf, child, newStanzaId, node, now, SERVICE } from '../stanza.ts';
import type { World } from '../world.ts';
import { CodeAttempt, readPairingCode } from './pairing-code.ts';
import { readQr } from './qr.ts';
import type { CodeRequest, Registration } from './registration.ts';

/** How long a client may take to answer each step. */
const ANSWER_MS = 20_000;
/** As many devices as WhatsApp lets an account link to its phone. */
const MAX_DEVICES = 4;

/** What linking needs of the phone. */
interface LinkingPhone {
  readonly signal: SignalDevice;
  readonly isAway: boolean;
}

export class DeviceLinker {
  readonly #world: World;
  readonly #person: Person;
  readonly #handset: LinkingPhone;
  readonly #onLinked: (deviceId: number) => void;
  #nextDeviceId = 1;
  #work: Promise<unknown> = Promise.resolve();

  constructor(world: World, person: Person, handset: LinkingPhone, onLinked: (deviceId: number) => void) {
    this.#world = world;
    this.#person = person;
    this.#handset = handset;
    this.#onLinked = onLinked;
  }

  /** The phone's keys now; they change when WhatsApp is installed anew. */
  get #keys(): SignalDevice {
    return this.#handset.signal;
  }

  scan(qr: string): Promise<{ deviceId: number }> {
    return this.#inTurn(async () => {
      const code = readQr(qr);
      const registration = this.#world.registrations.find(code.reference);
      const { noiseKey, identityKey } = registration.keys;
      if (!code.noiseKey.equals(noiseKey) || !code.identityKey.equals(identityKey)) {
        throw new Error('The keys in this QR code are not those of the client that shows it');
      }
      return this.#link(registration, code.advSecret);
    });
  }

  enterCode(typed: string): Promise<{ deviceId: number }> {
    return this.#inTurn(async () => {
      const attempt = new CodeAttempt(readPairingCode(typed));
      const request = await this.#world.registrations.codeRequestFor(this.#person.phone);
      this.#requireRoom();
      const bundle = await this.#showKey(request, await attempt.wrappedKey());
      const { registration, wrappedKey } = request;
      return this.#link(
        registration,
        await attempt.secret(wrappedKey, bundle, registration.keys.identityKey, this.#keys),
      );
    });
  }

  /** A phone links one device after the other. */
  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#work
      .catch(() => undefined)
      .then(() => {
        if (this.#handset.isAway) throw new Error('the phone is offline: it can link nothing');
        return task();
      });
    this.#work = result;
    return result;
  }

  #requireRoom(): void {
    if (this.#world.interferences.linkingFails(this.#person.phone)) {
      throw new Error("Couldn't link device. Try again later");
    }
    if (linkedDevicesOf(this.#person).length < MAX_DEVICES) return;
    throw new Error(`${this.#person.phone} has ${MAX_DEVICES} linked devices, as many as WhatsApp allows: unlink one`);
  }

  /** Shows the client the phone's key, wrapped with the code; resolves with the keys the client seals in return. */
  async #showKey(request: CodeRequest, wrapped: Buffer): Promise<Buffer> {
    const { promise, resolve } = Promise.withResolvers<Buffer | null>();
    request.onBundle = resolve;
    const timer = setTimeout(() => resolve(null), ANSWER_MS);
    const content = node('link_code_companion_reg', { stage: 'primary_hello' }, [
      node('link_code_pairing_wrapped_primary_ephemeral_pub', {}, wrapped),
      node('primary_identity_pub', {}, Buffer.from(this.#keys.identityKey)),
      node('link_code_pairing_ref', {}, request.reference),
    ]);
    const attrs = { from: SERVICE, id: newStanzaId(), type: 'link_code_companion_reg', t: now() };
    request.registration.connection.send(node('notification', attrs, [content]));
    const bundle = await promise.finally(() => clearTimeout(timer));
    if (!bundle) throw new Error('The client left, or asked for another code');
    return bundle;
  }

  async #link(registration: Registration, advSecret: Buffer): Promise<{ deviceId: number }> {
    this.#requireRoom();
    const device = new LinkedDevice(this.#person, this.#nextDeviceId++, registration.keys);
    await this.#exchangeSignatures(registration, device, advSecret);
    this.#person.devices.set(device.id, device);
    this.#world.registrations.end(registration.connection);
    this.#onLinked(device.id);
    // A freshly linked client must come back and log in: WhatsApp says so with 515, "restart required".
    registration.connection.close(node('stream:error', { code: '515' }));
    return { deviceId: device.id };
  }

  async #exchangeSignatures({ connection, keys }: Registration, device: LinkedDevice, advSecret: Buffer) {
    const identity = vouchFor(this.#keys, keys.identityKey, device.keyIndex, advSecret);
    const success = node('pair-success', {}, [
      node('device-identity', {}, identity),
      node('device', {
        jid: this.#person.addressOn(device.id, 'pn'),
        lid: this.#person.addressOn(device.id, 'lid'),
      }),
      node('platform', { name: 'android' }),
      node('biz', { name: this.#person.name }),
    ]);
    const timer = setTimeout(() => connection.cut(), ANSWER_MS);
    const answer = await connection
      .ask(success, { from: SERVICE, type: 'set', xmlns: 'md', t: now() })
      .catch((error: unknown) => {
        throw new Error('The client did not accept the scan', { cause: error });
      })
      .finally(() => clearTimeout(timer));
    const signed = bytesOf(child(child(answer, 'pair-device-sign'), 'device-identity'));
    if (!signed) throw new Error('The client answered the scan without signing');
    checkDeviceIdentity(signed, this.#keys.identityKey, keys.identityKey);
  }
}
