/** What happens after the handshake: a client without an account is registered, one with an account logs in. */
import { randomBytes } from 'node:crypto';
import type { proto } from '@whiskeysockets/baileys';
import type { Connection } from './connection.ts';
import { LinkedDevice } from './linked-device.ts';
import { node, now, SERVICE } from './stanza.ts';
import type { World } from './world.ts';

/** WhatsApp's answer to a client whose link is gone. */
const NOT_LINKED = 401;
/** The way to this server, in a form only it understands. */
const ROUTE = Buffer.from([0x08, 0x05, 0x08, 0x12]);

/** Lets a client in. Returns its device when it logged in, null when it only registers or was refused. */
export function admit(world: World, connection: Connection, payload: proto.ClientPayload, noiseKey: Buffer) {
  if (payload.devicePairingData) {
    world.registrations.begin(connection, payload, noiseKey);
    return null;
  }
  const device = findDevice(world, payload);
  const refused = refusalOf(world, payload, device?.keys.noiseKey.equals(noiseKey) ? device : null);
  if (!device || refused) {
    connection.close(node('failure', { ...refused, location: 'sandbox' }));
    return null;
  }
  if (world.interferences.hangsAt('login', device.person.phone)) return null;
  logIn(world, connection, device);
  return device;
}

/** The attributes of the failure a login is answered with; null when it is welcome. */
function refusalOf({ interferences }: World, payload: proto.ClientPayload, device: LinkedDevice | null) {
  const broken = interferences.failure(device?.person.phone ?? null, payload);
  return broken ?? (device ? null : { reason: String(NOT_LINKED) });
}

function findDevice(world: World, { username, device }: proto.ClientPayload): LinkedDevice | null {
  const account = world.directory.find(`${String(username)}@s.whatsapp.net`)?.person;
  const found = account?.devices.get(device ?? 0);
  return found instanceof LinkedDevice ? found : null;
}

function logIn(world: World, connection: Connection, device: LinkedDevice): void {
  const { person, id: deviceId, linkedAt } = device;
  connection.phone = person.phone;
  // A device has one connection: the newcomer wins, and the one before is told why it ends.
  const previous = device.attach(connection);
  if (previous) {
    world.events.emit('closed', { phone: person.phone, deviceId });
    previous.close(node('stream:error', {}, [node('conflict', { type: 'replaced' })]));
  }
  const attrs = {
    t: now(),
    location: 'sandbox',
    props: '1',
    lid: person.addressOn(deviceId, 'lid'),
    companion_enc_static: randomBytes(32).toString('base64'),
    creation: String(Math.floor(linkedAt.getTime() / 1000)),
    display_name: person.name,
  };
  connection.send(node('success', attrs));
  // The client says it before its first frame from the next connection on, so that it comes to where it is known.
  const route = node('routing_info', {}, ROUTE);
  connection.send(node('ib', { from: SERVICE }, [node('edge_routing', {}, [route])]));
  world.events.emit('login', { phone: person.phone, deviceId });
}
