/** A client does not get in: the server is away, refuses, or falls silent on the way. */
import { FLAWS } from '../certificate-chain.ts';
import { forEverybody, lasting, type FaultKind } from './fault.ts';
import type { Step } from './interference.ts';
import { codeIn, statusIn, wholeIn } from './numbers.ts';

const STEPS = ['upgrade', 'hello', 'finish'] as const satisfies Step[];

/** A word of a caller's that must be one of a few. Throws for another. */
function oneOf<Word extends string>(words: readonly Word[], name: string, word: string | number | undefined): Word {
  const found = words.find((each) => each === word);
  if (found === undefined) throw new Error(`${name} must be one of ${words.join(', ')}`);
  return found;
}

/** What befalls a client before it has said who it is. */
const beforeLogin: readonly FaultKind[] = [
  lasting('down', 'The server is down: nothing listens where it was, and everybody is cut off.', {}, ({ server }) => {
    void server.goDown();
    return () => void server.comeUp();
  }),
  lasting(
    'upgrade-status',
    'The WebSocket upgrade is answered with this HTTP status.',
    { status: 503 },
    (scene, given) => scene.interfere({ upgrade: statusIn(given) }),
  ),
  lasting('upgrade-reset', 'The connection is reset in answer to the upgrade.', {}, (scene) =>
    scene.interfere({ upgrade: 'reset' }),
  ),
  lasting(
    'handshake-hang',
    'The server falls silent at this step of the handshake: upgrade, hello or finish.',
    { step: 'hello' },
    (scene, { step }) => scene.interfere({ hangsAt: oneOf(STEPS, 'step', step) }),
  ),
  lasting(
    'wrong-certificate',
    'The server shows a certificate chain with this flaw: another root, a wrong issuer, expired, or for another key.',
    { flaw: 'root' },
    (scene, { flaw }) => scene.interfere({ certificate: scene.flawedChain(oneOf(FLAWS, 'flaw', flaw)) }),
  ),
];

export const loginFaults: readonly FaultKind[] = [
  ...beforeLogin.map(forEverybody),
  lasting('login-hang', 'The server falls silent when a client has shaken hands and wants to log in.', {}, (scene) =>
    scene.interfere({ hangsAt: 'login' }),
  ),
  lasting(
    'login-failure',
    'Every login is answered with a failure of this reason.',
    { reason: 503 },
    (scene, given) => {
      const reason = codeIn(given, 'reason');
      return scene.interfere({ failure: () => ({ reason }) });
    },
  ),
  lasting('login-failure-without-reason', 'Every login is answered with a failure that gives no reason.', {}, (scene) =>
    scene.interfere({ failure: () => ({}) }),
  ),
  lasting(
    'temporary-ban',
    'Every login is answered with a temporary ban of this many seconds.',
    { seconds: 3_600 },
    (scene, given) => {
      const expire = String(wholeIn(given, 'seconds', 1, 31_536_000));
      return scene.interfere({ failure: () => ({ reason: '402', code: '101', expire }) });
    },
  ),
  lasting(
    'version-refused',
    'Clients older than this version of WhatsApp Web are refused, as WhatsApp does with old ones.',
    { version: '2.9999.0' },
    (scene, { version }) => {
      if (!/^\d+\.\d+\.\d+$/.test(String(version))) throw new Error('version must be three numbers, such as 2.3000.0');
      const wanted = String(version).split('.').map(Number);
      return scene.interfere({
        failure: ({ userAgent }) => {
          const { primary = 0, secondary = 0, tertiary = 0 } = userAgent?.appVersion ?? {};
          const client = [Number(primary), Number(secondary), Number(tertiary)];
          return isOlder(client, wanted) ? { reason: '405' } : null;
        },
      });
    },
  ),
];

function isOlder(client: number[], wanted: number[]): boolean {
  const at = client.findIndex((part, index) => part !== (wanted[index] ?? 0));
  return at >= 0 && (client[at] ?? 0) < (wanted[at] ?? 0);
}
