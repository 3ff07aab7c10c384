/** Keys: a device uploads its own and fetches those of others. */
import { bundleToStanzas, readPreKeys, readSignedPreKey } from '../key-bundle.ts';
import { child, children, node, uint } from '../stanza.ts';
import type { Stanza } from '../stanza.ts';
import type { World } from '../world.ts';
import type { Query, QueryTable } from './query.ts';

const REGISTRATION_BYTES = 4;
/** Enough that no client uploads more. */
const AMPLE_PRE_KEYS = 812;

function upload({ device, request, reply }: Query): void {
  device.signedPreKey = readSignedPreKey(child(request, 'skey'), device.identityKey);
  device.stockPreKeys(readPreKeys(child(request, 'list')));
  reply();
}

function rotate({ device, about, reply }: Query): void {
  device.signedPreKey = readSignedPreKey(child(about, 'skey'), device.identityKey);
  reply();
}

/** An error inside one user makes clients throw away the whole answer, so it is given only for who does not exist. */
function bundleOf({ directory }: World, jid: string): Stanza {
  const address = directory.find(jid);
  const bundle = address?.person.devices.get(address.device)?.keyBundle();
  if (!bundle) return node('user', { jid }, [node('error', { code: '404', text: 'item-not-found' })]);
  const registration = node('registration', {}, uint(bundle.registrationId, REGISTRATION_BYTES));
  return node('user', { jid }, [registration, ...bundleToStanzas(bundle)]);
}

export const encryptionQueries: QueryTable = {
  'encrypt/get/count': ({ world, device, reply }) => {
    const count = world.preKeyStock === 'ample' ? AMPLE_PRE_KEYS : device.preKeyCount;
    reply(node('count', { value: String(count) }));
  },
  'encrypt/set/registration': upload,
  'encrypt/set/rotate': rotate,
  'encrypt/get/digest': ({ device, reply }) =>
    reply(
      node('digest', {}, [
        node('registration', {}, uint(device.keys.registrationId, REGISTRATION_BYTES)),
        node('identity', {}, device.keys.identityKey),
      ]),
    ),
  'encrypt/get/key': ({ world, about, reply }) => {
    const users = children(about, 'user').map((user) => bundleOf(world, user.attrs['jid'] ?? ''));
    reply(node('list', {}, users));
  },
};
