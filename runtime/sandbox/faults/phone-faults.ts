/** Trouble with an account's phone: it is away, or does not manage to link a device. */
import { forEverybody, lasting, once, type FaultKind } from './fault.ts';
import { wholeIn } from './numbers.ts';

export const phoneFaults: readonly FaultKind[] = [
  lasting(
    'phone-offline',
    'The phone is off the network, for so many days already; after 14 its linked devices are removed.',
    { days: 0 },
    (scene, given) => {
      const days = wholeIn(given, 'days', 0, 365);
      const accounts = scene.accounts();
      for (const account of accounts) account.phoneOffline({ days });
      return () => accounts.forEach((account) => account.phoneBack());
    },
  ),
  lasting('linking-refused', 'The phone says "Couldn\'t link device" to every scan and code.', {}, (scene) =>
    scene.interfere({ linkingFails: true }),
  ),
  forEverybody(
    once(
      'qr-expired',
      'The QR codes that clients show or hold now can be scanned no longer.',
      {},
      ({ registrations }) => registrations.expire(),
    ),
  ),
];
