/** A WhatsApp account: its phone, which scans QR codes and vouches for devices, and the devices linked to it. */
import { checkDeviceIdentity, vouchFor } from './adv.ts';
import type { Person } from './directory.ts';
import { LinkedDevice, linkedDevicesOf } from './linked-device.ts';
import type { Phone } from './phone.ts';
import { readQr } from './qr.ts';
import type { Registration, Registrations } from './registration.ts';
import { Somebody } from './social/social.ts';
import { bytesOf, child, node, now, SERVICE } from './stanza.ts';
import type { World } from './world.ts';

/** How long a client may take to sign back after a scan. */
const SIGN_BACK_MS = 20_000;

/** A linked device as the phone's list shows it. */
export interface LinkedDeviceInfo {
  readonly deviceId: number;
  readonly linkedAt: Date;
  readonly online: boolean;
  /** Stanzas waiting for the device to confirm them. */
  readonly waiting: number;
}

export class Account extends Somebody {
  readonly #handset: Phone;
  readonly #registrations: Registrations;
  readonly #onLinked: (deviceId: number) => void;
  #nextDeviceId = 1;

  constructor(world: World, person: Person, handset: Phone, onLinked: (deviceId: number) => void) {
    super(world, person);
    this.#handset = handset;
    this.#registrations = world.registrations;
    this.#onLinked = onLinked;
  }

  /** The account's phone. */
  get handset(): Phone {
    return this.#handset;
  }

  /**
   * What the phone's camera does. Resolves when the client has signed back; rejects with a sentence for a code that is
   * not a WhatsApp code, is stale, or does not fit the client that shows it, and when the client refuses the scan.
   */
  async scan(qr: string): Promise<{ deviceId: number }> {
    const code = readQr(qr);
    const registration = this.#registrations.find(code.reference);
    const { keys } = registration;
    if (!code.noiseKey.equals(keys.noiseKey) || !code.identityKey.equals(keys.identityKey)) {
      throw new Error('The keys in this QR code are not those of the client that shows it');
    }
    const device = new LinkedDevice(this.person, this.#nextDeviceId++, keys);
    await this.#exchangeSignatures(registration, device, code.advSecret);
    this.person.devices.set(device.id, device);
    this.#registrations.end(registration.connection);
    this.#onLinked(device.id);
    // A freshly linked client must come back and log in: WhatsApp says so with 515, "restart required".
    registration.connection.close(node('stream:error', { code: '515' }));
    return { deviceId: device.id };
  }

  linkedDevices(): LinkedDeviceInfo[] {
    return linkedDevicesOf(this.person).map(({ id, linkedAt, connection, mailbox }) => ({
      deviceId: id,
      linkedAt,
      online: connection !== null,
      waiting: mailbox.size,
    }));
  }

  /** Removes a linked device, as its owner does on the phone. Throws when there is no such device. */
  async unlink(deviceId: number): Promise<void> {
    const device = linkedDevicesOf(this.person).find(({ id }) => id === deviceId);
    if (!device) throw new Error(`${this.phone} has no linked device ${deviceId}`);
    this.person.devices.delete(deviceId);
    const conflict = node('conflict', { type: 'device_removed' });
    device.connection?.close(node('stream:error', { code: '401' }, [conflict]));
  }

  /** Whether any linked device is logged in. */
  isOnline(): boolean {
    return linkedDevicesOf(this.person).some(({ connection }) => connection !== null);
  }

  async #exchangeSignatures({ connection, keys }: Registration, device: LinkedDevice, advSecret: Buffer) {
    const account = this.#handset.signal;
    const identity = vouchFor(account, keys.identityKey, device.keyIndex, advSecret);
    const success = node('pair-success', {}, [
      node('device-identity', {}, identity),
      node('device', {
        jid: this.person.addressOn(device.id, 'pn'),
        lid: this.person.addressOn(device.id, 'lid'),
      }),
      node('platform', { name: 'android' }),
      node('biz', { name: this.person.name }),
    ]);
    const timer = setTimeout(() => connection.cut(), SIGN_BACK_MS);
    const answer = await connection
      .ask(success, { from: SERVICE, type: 'set', xmlns: 'md', t: now() })
      .catch((error: unknown) => {
        throw new Error('The client did not accept the scan', { cause: error });
      })
      .finally(() => clearTimeout(timer));
    const signed = bytesOf(child(child(answer, 'pair-device-sign'), 'device-identity'));
    if (!signed) throw new Error('The client answered the scan without signing');
    checkDeviceIdentity(signed, account.identityKey, keys.identityKey);
  }
}
