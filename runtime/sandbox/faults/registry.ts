/**
 * Every fault by its name: one table for tests, for the control server and for scenarios. What is active is listed, and each
 * can be stopped.
 */
import type { Account } from '../account.ts';
import { linkedDevicesOf } from '../linked-device.ts';
import type { World } from '../world.ts';
import { driftFaults } from './drift-faults.ts';
import type { FaultKind, Scene, Settings } from './fault.ts';
import { loginFaults } from './login-faults.ts';
import { mediaFaults } from './media-faults.ts';
import { messageFaults } from './message-faults.ts';
import { networkFaults } from './network-faults.ts';
import { phoneFaults } from './phone-faults.ts';
import { streamFaults } from './stream-faults.ts';
import { wireFaults } from './wire-faults.ts';

export type { FaultKind, Settings } from './fault.ts';

/** Every kind of fault there is. */
export const FAULTS: readonly FaultKind[] = [
  ...streamFaults,
  ...loginFaults,
  ...wireFaults,
  ...messageFaults,
  ...driftFaults,
  ...phoneFaults,
  ...mediaFaults,
  ...networkFaults,
];

export interface FaultRequest {
  readonly name: string;
  /** The account it is about; everybody when not given. Only for faults whose scope is the account. */
  readonly phone?: string;
  /** What the fault takes; the table has what it takes and its defaults. */
  readonly settings?: Settings;
}

/** A fault that lasts. */
export interface ActiveFault {
  readonly id: string;
  readonly name: string;
  readonly phone: string | null;
  readonly settings: Settings;
  /** Ends it; once is enough. */
  stop(): void;
}

/** What of a sandbox is not in its world. */
export type Backstage = Pick<Scene, 'server' | 'media' | 'network' | 'flawedChain' | 'contact'>;

export class FaultRegistry {
  readonly active = new Map<string, ActiveFault>();
  readonly #world: World;
  readonly #backstage: Backstage;
  #nextId = 1;

  constructor(world: World, backstage: Backstage) {
    this.#world = world;
    this.#backstage = backstage;
  }

  /**
   * Begins a fault. Returns it when it lasts, null when it has happened. Throws with a sentence for an unknown name, an
   * unknown setting or one of the wrong type, an account that does not exist, and an account for what befalls everybody;
   * then nothing has happened.
   */
  begin({ name, phone, settings = {} }: FaultRequest): ActiveFault | null {
    const kind = FAULTS.find((each) => each.name === name);
    if (!kind) throw new Error(`there is no fault ${JSON.stringify(name)}; GET /faults lists them`);
    if (kind.scope === 'everybody' && phone !== undefined) {
      throw new Error(`${name} befalls everybody, not one account: begin it without a phone`);
    }
    const complete = complemented(kind, settings);
    const stop = kind.begin(this.#scene(phone ?? null), complete);
    const { events } = this.#world;
    const event = { name, phone: phone ?? null };
    if (!kind.lasting) {
      events.emit('fault', { id: null, ...event, state: 'happened' });
      return null;
    }
    const id = `f${this.#nextId++}`;
    const fault: ActiveFault = {
      ...{ id, name, phone: phone ?? null, settings: complete },
      stop: () => {
        if (!this.active.delete(id)) return;
        stop?.();
        events.emit('fault', { id, ...event, state: 'ended' });
      },
    };
    this.active.set(id, fault);
    events.emit('fault', { id, ...event, state: 'begun' });
    return fault;
  }

  /** Ends all that last. */
  stopAll(): void {
    for (const fault of [...this.active.values()]) fault.stop();
  }

  #scene(phone: string | null): Scene {
    const { accounts: all, interferences, delivery, registrations } = this.#world;
    if (phone !== null && !all.has(phone)) throw new Error(`${phone} is not an account; scan a QR code with it first`);
    const accounts = (): Account[] => [...all.values()].filter((account) => phone === null || account.phone === phone);
    const devices = () => accounts().flatMap(({ person }) => linkedDevicesOf(person));
    return {
      ...{ phone, delivery, registrations, ...this.#backstage, accounts, devices },
      connections: () => devices().flatMap(({ connection }) => connection ?? []),
      interfere: (how) => interferences.add({ ...how, phone }),
    };
  }
}

/** The settings given, over the defaults. */
function complemented({ name, settings }: FaultKind, given: Settings): Settings {
  for (const [key, value] of Object.entries(given)) {
    const example = settings[key];
    if (example === undefined) throw new Error(`${name} takes ${Object.keys(settings).join(', ') || 'no settings'}`);
    if (typeof value !== typeof example) throw new Error(`${key} must be a ${typeof example}`);
  }
  return { ...settings, ...given };
}
