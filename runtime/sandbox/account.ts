/** A WhatsApp account: its phone, which scans QR codes and vouches for devices, and the devices linked to it. */
import type { proto } from '@whiskeysockets/baileys';
import { signKeyIndexes } from './adv.ts';
import { Collections, Settings, SharedState } from './app-state/app-state.ts';
import type { Handset } from './contact-devices.ts';
import type { Person } from './directory.ts';
import type { Group } from './groups/groups.ts';
import { linkedDevicesOf } from './linked-device.ts';
import { DeviceLinker } from './linking/linking.ts';
import { fileMessage } from './media/media.ts';
import type { FileToSend, Media } from './media/media.ts';
import { OwnPhone } from './own-phone/own-phone.ts';
import type { OwnSendOptions, PastChat } from './own-phone/own-phone.ts';
import type { Phone, ReceivedReceipt } from './phone.ts';
import type { ScreenMessage } from './screen.ts';
import { Somebody } from './social/social.ts';
import type { Social } from './social/social.ts';
import { node } from './stanza.ts';
import type { World } from './world.ts';

/** A linked device as the phone's list shows it. */
export interface LinkedDeviceInfo {
  readonly deviceId: number;
  readonly linkedAt: Date;
  readonly online: boolean;
  /** Stanzas waiting for the device to confirm them. */
  readonly waiting: number;
}

export class Account extends Somebody {
  /**
   * What the phone does when a client asks it to upload media again: says where it is now, or null when the file is lost.
   * It has every file that ever was on the media host, unless told otherwise.
   */
  uploadsAgain: (path: string) => string | null;
  /** What the server keeps for this account's devices, and what the phone makes of it. */
  readonly collections: Collections;
  readonly sharedState: SharedState;
  /** Chats, labels and names, as the owner changes them on the phone. */
  readonly settings: Settings;
  readonly ownPhone: OwnPhone;
  readonly #handset: Handset;
  readonly #social: Social;
  readonly #linker: DeviceLinker;
  readonly #media: Media;

  constructor(world: World, person: Person, handset: Handset, onLinked: (deviceId: number) => void) {
    super(world, person);
    this.uploadsAgain = (path) => world.media.keepAgain(path)?.directPath ?? null;
    this.#handset = handset;
    this.collections = new Collections(person);
    this.sharedState = new SharedState(this.collections, {
      isAway: () => handset.phone.isAway,
      onAction: ({ pushNameSetting }) => {
        if (pushNameSetting?.name) person.name = pushNameSetting.name;
      },
    });
    this.settings = new Settings(this.sharedState);
    this.#social = world.social;
    this.#media = world.media;
    this.ownPhone = new OwnPhone(world, handset.phone, this, (deviceId) => void this.unlink(deviceId));
    this.#linker = new DeviceLinker(world, person, handset.phone, (deviceId) => {
      this.#tell('add', deviceId);
      onLinked(deviceId);
    });
  }

  /** The account's phone. */
  get handset(): Phone {
    return this.#handset.phone;
  }

  /** What the phone shows of what it got, oldest first. */
  get screen(): readonly ScreenMessage[] {
    return this.#handset.screen.rows;
  }

  /**
   * What the phone's camera does. Resolves when the client has signed back; rejects with a sentence for a code that is
   * not a WhatsApp code, is stale, or does not fit the client that shows it, when the account has as many devices as
   * it may, and when the client refuses the scan.
   */
  scan(qr: string): Promise<{ deviceId: number }> {
    return this.#linker.scan(qr);
  }

  /**
   * Types the 8 characters a client shows that asked to be linked to this number. Resolves when the client has signed
   * back; rejects with a sentence for a wrong code, after which the same client can be linked by the right one.
   */
  enterCode(code: string): Promise<{ deviceId: number }> {
    return this.#linker.enterCode(code);
  }

  /** Writes on the phone: to somebody, or to a group, and as a copy to every linked device. */
  say(to: Somebody | Group, text: string, options: OwnSendOptions = {}): Promise<{ messageId: string }> {
    return this.ownPhone.send(to, { conversation: text }, options);
  }

  /** As `say`, for any content there is. */
  send(to: Somebody | Group, content: proto.IMessage, options: OwnSendOptions = {}): Promise<{ messageId: string }> {
    return this.ownPhone.send(to, content, options);
  }

  /** Sends a file as the phone encrypts and uploads it. Throws for what a phone would not let one send. */
  async sendFile(to: Somebody | Group, file: FileToSend, options: OwnSendOptions = {}): Promise<{ messageId: string }> {
    return this.send(to, fileMessage(this.#media, file), options);
  }

  /** The receipts that came back for a message written on the phone, in order. */
  receiptsFor(messageId: string): readonly ReceivedReceipt[] {
    return this.ownPhone.receiptsFor(messageId);
  }

  /** Reads a message on the phone: its sender learns of it, and so do the linked devices. Throws when it is not there. */
  async read(messageId: string): Promise<void> {
    this.ownPhone.read(messageId);
  }

  /** Gives the phone a past, which a device that is linked afterwards gets as history. Throws for what makes no sense. */
  history(past: readonly PastChat[]): void {
    this.ownPhone.remember(past);
  }

  /**
   * Takes the phone off the network: what linked devices ask of it, the first key included, waits. WhatsApp unlinks
   * them all after 14 days, so with that many `days` they are unlinked at once.
   */
  phoneOffline({ days = 0 }: { days?: number } = {}): void {
    this.ownPhone.goOffline(days);
  }

  phoneBack(): void {
    this.ownPhone.comeBack();
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
    this.#tell('remove', deviceId);
    const conflict = node('conflict', { type: 'device_removed' });
    device.connection?.close(node('stream:error', { code: '401' }, [conflict]));
  }

  /** Whether any linked device is logged in. */
  isOnline(): boolean {
    return linkedDevicesOf(this.person).some(({ connection }) => connection !== null);
  }

  /** Tells the account's other devices, and the clients of those who know it, of a device that came or went. */
  #tell(change: 'add' | 'remove', deviceId: number): void {
    const keyIndexes = signKeyIndexes(this.handset.signal, [...this.person.devices.keys()]);
    this.#social.announceDevice(this.person, change, deviceId, keyIndexes);
  }
}
