/** What goes wrong on the way: in the sandbox's proxies and relays, in one by its id or, when none is named, in all. */
import type { SandboxProxy, SandboxRelay } from '../network.ts';
import type { ProxyFaults } from '../proxies/proxies.ts';
import { forEverybody, lasting, once, type FaultKind, type Scene, type Settings } from './fault.ts';
import { bytesPerSecondIn, millisecondsIn, statusIn } from './numbers.ts';
import { overlay } from './overlay.ts';

const ALL = '';

/** The ways with an id, or all. Throws when there is none. */
function named<Way>(ways: ReadonlyMap<string, Way>, what: 'proxy' | 'relay', id: unknown): Way[] {
  const found = id === ALL ? [...ways.values()] : [ways.get(String(id))].flatMap((way) => way ?? []);
  const plural = what === 'proxy' ? 'proxies' : 'relays';
  if (found.length > 0) return found;
  throw new Error(id === ALL ? `no ${what} is open; POST /${plural} opens one` : `there is no ${what} ${String(id)}`);
}

const proxiesIn = ({ network }: Scene, { proxy }: Settings): SandboxProxy[] => named(network.proxies, 'proxy', proxy);
const relaysIn = ({ network }: Scene, { relay }: Settings): SandboxRelay[] => named(network.relays, 'relay', relay);

const inProxy = (
  name: string,
  sentence: string,
  settings: Settings,
  change: (settings: Settings) => Partial<ProxyFaults>,
): FaultKind =>
  lasting(name, sentence, { proxy: ALL, ...settings }, (scene, given) => {
    const changed = change(given);
    const ends = proxiesIn(scene, given).map(({ faults }) => overlay(faults, changed));
    return () => ends.forEach((end) => end());
  });

const proxyFaults: readonly FaultKind[] = [
  inProxy('proxy-refuse', 'A proxy refuses every connection it is asked to make.', {}, () => ({ refuse: true })),
  inProxy('proxy-hang', 'A proxy says nothing to whoever connects to it.', {}, () => ({ hang: true })),
  inProxy('proxy-down', 'A proxy ends every new connection to it at once, as if it were not there.', {}, () => ({
    down: true,
  })),
  inProxy(
    'proxy-status',
    'A proxy by HTTP answers with this status; one by SOCKS refuses.',
    { status: 502 },
    (given) => ({
      status: statusIn(given),
    }),
  ),
  inProxy('proxy-slow', 'A proxy passes everything on so many ms later.', { ms: 500 }, (given) => ({
    delayMs: millisecondsIn(given),
  })),
  inProxy(
    'proxy-throttle',
    'A proxy passes on no more than so many bytes a second each way.',
    { bytesPerSecond: 10_000 },
    (given) => ({ bytesPerSecond: bytesPerSecondIn(given) }),
  ),
  lasting(
    'proxy-password',
    'A proxy has another password, so that nobody gets in any more.',
    { proxy: ALL, password: 'another' },
    (scene, given) => {
      const ends = proxiesIn(scene, given).map((proxy) => overlay(proxy, { password: String(given['password']) }));
      return () => ends.forEach((end) => end());
    },
  ),
  once('proxy-cut', 'A proxy cuts every connection through it.', { proxy: ALL }, (scene, given) => {
    for (const proxy of proxiesIn(scene, given)) proxy.cut();
  }),
];

/** How many faults freeze a relay. */
const freezes = new WeakMap<SandboxRelay, number>();

function freeze(relay: SandboxRelay): () => void {
  freezes.set(relay, (freezes.get(relay) ?? 0) + 1);
  relay.freeze();
  return () => {
    const left = (freezes.get(relay) ?? 1) - 1;
    freezes.set(relay, left);
    if (left === 0) relay.thaw();
  };
}

const relayFaults: readonly FaultKind[] = [
  lasting('relay-frozen', 'Nothing passes a relay either way, and nobody is told.', { relay: ALL }, (scene, given) => {
    const ends = relaysIn(scene, given).map(freeze);
    return () => ends.forEach((end) => end());
  }),
  once('relay-cut', 'A relay resets every connection through it.', { relay: ALL }, (scene, given) => {
    for (const relay of relaysIn(scene, given)) relay.cut();
  }),
];

export const networkFaults: readonly FaultKind[] = [...proxyFaults, ...relayFaults].map(forEverybody);
