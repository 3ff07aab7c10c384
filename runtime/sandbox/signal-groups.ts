/**
 * A phone's sender keys. In a group one encrypts once for all; the key to that goes to each device once, encrypted for
 * it alone, and a new one is made when somebody who has it is no longer among those written to.
 */
import {
  GroupCipher,
  GroupSessionBuilder,
  SenderKeyDistributionMessage,
  SenderKeyMessage,
  SenderKeyName,
  SenderKeyRecord,
} from '@whiskeysockets/baileys/lib/Signal/Group/index.js';
import { isSignedBy } from './xeddsa.ts';

const SIGNATURE_BYTES = 64;
const MYSELF = 'myself';

export class SenderKeys {
  readonly #records = new Map<string, SenderKeyRecord>();
  /** Who has our key of each group. */
  readonly #holders = new Map<string, Set<string>>();
  readonly #store = {
    loadSenderKey: async (name: SenderKeyName) => this.#record(name),
    // Records are changed in place, and only after the signature has proven the message.
    storeSenderKey: async () => undefined,
  };

  /**
   * Whom of the devices about to be written to our key must be given first. All of them, and it will be a new key, when
   * a device that has it is not among them any more.
   */
  strangers(group: string, devices: readonly string[]): string[] {
    const present = new Set(devices);
    const holders = this.#holders.get(group) ?? new Set();
    if ([...holders].some((holder) => !present.has(holder))) this.#renew(group);
    return devices.filter((device) => !this.#holders.get(group)?.has(device));
  }

  /** Our key as it is given to others, for messages from now on. */
  async distribution(group: string): Promise<Uint8Array> {
    const message = await new GroupSessionBuilder(this.#store).create(senderKeyName(group, MYSELF));
    return message.serialize();
  }

  noteGiven(group: string, devices: readonly string[]): void {
    this.#holders.set(group, new Set([...(this.#holders.get(group) ?? []), ...devices]));
  }

  async encrypt(group: string, plaintext: Uint8Array): Promise<Buffer> {
    const ciphertext = await new GroupCipher(this.#store, senderKeyName(group, MYSELF)).encrypt(plaintext);
    return Buffer.from(ciphertext);
  }

  /** Takes in a sender's key. */
  async accept(group: string, sender: string, distribution: Uint8Array): Promise<void> {
    const message = new SenderKeyDistributionMessage(null, null, null, null, distribution);
    await new GroupSessionBuilder(this.#store).process(senderKeyName(group, sender), message);
  }

  /** Throws when the sender's key is not known, or the message was damaged or decrypted before. */
  decrypt(group: string, sender: string, ciphertext: Buffer): Promise<Uint8Array> {
    const name = senderKeyName(group, sender);
    const message = new SenderKeyMessage(null, null, null, null, ciphertext);
    const state = this.#record(name).getSenderKeyState(message.getKeyId());
    if (!state) throw new Error(`no sender key of ${sender} in ${group}`);
    const signed = ciphertext.subarray(0, -SIGNATURE_BYTES);
    const key = state.getSigningKeyPublic().subarray(1);
    if (!isSignedBy(key, signed, ciphertext.subarray(-SIGNATURE_BYTES))) throw new Error('bad signature');
    // The library's own `decrypt` does the same, but checks signatures so slowly that a crowd would take seconds.
    const cipher = new GroupCipher(this.#store, name);
    const messageKey = cipher['getSenderKey'](state, message.getIteration());
    return cipher['getPlainText'](messageKey.getIv(), messageKey.getCipherKey(), message.getCipherText());
  }

  #renew(group: string): void {
    this.#records.delete(senderKeyName(group, MYSELF).toString());
    this.#holders.delete(group);
  }

  #record(name: SenderKeyName): SenderKeyRecord {
    const id = name.toString();
    const record = this.#records.get(id) ?? new SenderKeyRecord();
    this.#records.set(id, record);
    return record;
  }
}

const senderKeyName = (group: string, sender: string): SenderKeyName =>
  new SenderKeyName(group, { id: sender, deviceId: 0, toString: () => sender });
